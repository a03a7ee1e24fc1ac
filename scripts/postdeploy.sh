#!/usr/bin/env bash
# Tells Event Grid to call the function `intake` when a file arrives in hr-inbox.
#
# This comes after the code is deployed because the address to call carries the key `blobs_extension`, which the
# Functions runtime makes when the code first starts. Run it again whenever that key is renewed: an existing
# subscription is replaced. The key is never printed, written to a file or put on a command line.
#
# azd sets the variables below. By hand: azd hooks run postdeploy
set -euo pipefail

readonly FUNCTION="intake"
readonly SUBSCRIPTION_NAME="hr-inbox-to-intake"
readonly SUBJECT="/blobServices/default/containers/hr-inbox/"
readonly KEY_ATTEMPTS=20
readonly SUBSCRIBE_ATTEMPTS=5
readonly WAIT_SECONDS="${POSTDEPLOY_WAIT_SECONDS:-15}"

say() { printf 'postdeploy: %s\n' "$*"; }

fail() {
  printf 'postdeploy: %s\n' "$@" >&2
  exit 1
}

for name in AZURE_SUBSCRIPTION_ID AZURE_RESOURCE_GROUP FUNCTION_APP_NAME FUNCTION_APP_HOST EVENT_GRID_TOPIC; do
  [[ -n "${!name:-}" ]] || fail "$name is not set. Run this with: azd hooks run postdeploy"
done
command -v az >/dev/null || fail "The Azure CLI (az) is not installed: https://aka.ms/install-azure-cli"
az account show --subscription "$AZURE_SUBSCRIPTION_ID" --output none 2>/dev/null ||
  fail "The Azure CLI cannot see subscription $AZURE_SUBSCRIPTION_ID. Sign in with: az login"

errors="$(mktemp)"
trap 'rm -f "$errors"' EXIT

key=""
for ((attempt = 1; attempt <= KEY_ATTEMPTS; attempt++)); do
  key="$(az functionapp keys list --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
    --name "$FUNCTION_APP_NAME" --query "systemKeys.blobs_extension" --output tsv 2>"$errors")" || key=""
  [[ -z "$key" ]] || break
  say "The runtime has no key for blob events yet ($attempt of $KEY_ATTEMPTS); waiting $WAIT_SECONDS s ..."
  sleep "$WAIT_SECONDS"
done
[[ -n "$key" ]] || fail \
  "The app has still not made its key blobs_extension, so new files are found by the clock only (every minute)." \
  "See in the portal whether the function $FUNCTION is listed and what the app logs, then: azd hooks run postdeploy" \
  "$(cat "$errors")"

# A key is URL-safe unless somebody set it by hand.
code="${key//%/%25}"
code="${code//+/%2B}"
code="${code//&/%26}"
code="${code//\#/%23}"
endpoint="https://$FUNCTION_APP_HOST/runtime/webhooks/blobs?functionName=Host.Functions.$FUNCTION&code=$code"

# CreateFile, SftpCreate and SftpWrite announce a file whose content is still to come. An account with a hierarchical
# namespace raises them; the event that counts there (FlushWithClose, SftpCommit) follows.
subscribe() {
  printf '%s' "$endpoint" | az eventgrid system-topic event-subscription create \
    --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
    --system-topic-name "$EVENT_GRID_TOPIC" --name "$SUBSCRIPTION_NAME" \
    --endpoint-type webhook --endpoint @- \
    --included-event-types Microsoft.Storage.BlobCreated \
    --subject-begins-with "$SUBJECT" \
    --advanced-filter data.api StringNotIn CreateFile SftpCreate SftpWrite \
    --output none 2>"$errors"
}

# Event Grid calls the address before it accepts it; an app that is just waking up may answer too late.
for ((attempt = 1; attempt <= SUBSCRIBE_ATTEMPTS; attempt++)); do
  if subscribe; then
    say "New files in hr-inbox of ${HR_STORAGE_ACCOUNT:-the HR account} now start $FUNCTION."
    exit 0
  fi
  say "Event Grid could not reach the app yet ($attempt of $SUBSCRIBE_ATTEMPTS); waiting $WAIT_SECONDS s ..."
  sleep "$WAIT_SECONDS"
done

message="$(cat "$errors")"
message="${message//"$key"/<key>}"
message="${message//"$code"/<key>}"
fail "The Event Grid subscription was not made; new files are found by the clock only (every minute)." \
  "Try again with: azd hooks run postdeploy. What az said:" "$message"

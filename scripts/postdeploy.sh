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

# A pattern (sed -E) that finds a text however its characters are escaped: %2B, %252b, \u002b, &#43;, &#x2b; and &amp;.
any_spelling() {
  local text="$1" pattern="" char plain hex digits digit index named
  for ((index = 0; index < ${#text}; index++)); do
    char="${text:index:1}"
    printf -v hex '%02x' "'$char"
    digits=""
    for digit in "${hex:0:1}" "${hex:1:1}"; do
      case "$digit" in
        a) digits+="[aA]" ;; b) digits+="[bB]" ;; c) digits+="[cC]" ;;
        d) digits+="[dD]" ;; e) digits+="[eE]" ;; f) digits+="[fF]" ;;
        *) digits+="$digit" ;;
      esac
    done
    case "$char" in
      [[:alnum:]]) plain="$char" ;;
      '^') plain='\^' ;;
      '/') plain='[\]*[/]' ;;
      ']') plain='[]]' ;;
      *) plain="[$char]" ;;
    esac
    named="$char"
    case "$char" in
      \\) plain='[\]+' ;;
      '&') named="amp" ;;
      '<') named="lt" ;;
      '>') named="gt" ;;
      '"') named="quot" plain='[\]*["]' ;;
      "'") named="apos" ;;
    esac
    [[ "$named" != "$char" ]] && plain="&(amp;)*$named;|$plain"
    printf -v plain '(%s|%%(25)*%s|[\]+u00%s|&#0*%d;|&#[xX]0*%s;)' "$plain" "$digits" "$digits" "'$char" "$digits"
    pattern+="$plain"
  done
  printf '%s' "$pattern"
}

# What az said, without the key: it is masked however it is spelt, and so is whatever follows `code=`. Should a piece
# of it still be there, nothing is shown at all. sed is given the pattern by a pipe, not on its command line.
without_key() {
  local said="$1" key="$2" masked piece
  masked="$(printf '%s' "$said" | sed -E -f <(
    printf 's\001%s\001<key>\001g\n' "$(any_spelling "$key")"
    printf '%s\n' 's~(code(=|%(25)*3[dD]|[\]+u003[dD]|&#61;|&#[xX]3[dD];))[^[:space:]"'"'"',;)}<]+~\1<key>~g'
  ))"
  for piece in ${key//[^[:alnum:]]/ }; do
    if ((${#piece} >= 6)) && [[ "$masked" == *"$piece"* ]]; then
      masked="(not shown, as it has the key in it)"
    fi
  done
  printf '%s' "$masked"
}

for name in AZURE_SUBSCRIPTION_ID AZURE_RESOURCE_GROUP FUNCTION_APP_NAME FUNCTION_APP_HOST; do
  [[ -n "${!name:-}" ]] || fail "$name is not set. Run this with: azd hooks run postdeploy"
done
# A topic that is there and empty is none: nobody has to know of NEW_FILES_BY where there is no azd environment.
if [[ -z "${NEW_FILES_BY:-}" && -n "${EVENT_GRID_TOPIC+set}" && -z "$EVENT_GRID_TOPIC" ]]; then
  NEW_FILES_BY=clock
fi
if [[ "${NEW_FILES_BY:-}" == clock ]]; then
  say "The network is private: the clock finds new files, every minute. Event Grid is not used."
  exit 0
fi
[[ -n "${EVENT_GRID_TOPIC:-}" ]] || fail "EVENT_GRID_TOPIC is not set. Run this with: azd hooks run postdeploy" \
  "In a private network there is none, and NEW_FILES_BY is to be clock."
command -v az >/dev/null || fail "The Azure CLI (az) is not installed: https://aka.ms/install-azure-cli"
az account show --subscription "$AZURE_SUBSCRIPTION_ID" --output none 2>/dev/null ||
  fail "The Azure CLI cannot see subscription $AZURE_SUBSCRIPTION_ID. Sign in with: az login"

errors="$(mktemp)"
trap 'rm -f "$errors"' EXIT

key=""
for ((attempt = 1; attempt <= KEY_ATTEMPTS; attempt++)); do
  key="$(az functionapp keys list --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
    --name "$FUNCTION_APP_NAME" --query "systemKeys.blobs_extension" --output tsv 2>"$errors")" || key=""
  key="${key//[[:space:]]/}"
  [[ -z "$key" ]] || break
  say "The runtime has no key for blob events yet ($attempt of $KEY_ATTEMPTS); waiting $WAIT_SECONDS s ..."
  sleep "$WAIT_SECONDS"
done
[[ -n "$key" ]] || fail \
  "The app has still not made its key blobs_extension, so new files are found by the clock only (every minute)." \
  "See in the portal whether the function $FUNCTION is listed and what the app logs, then: azd hooks run postdeploy" \
  "$(cat "$errors")"

# A key is URL-safe unless somebody set it by hand.
code=""
for ((index = 0; index < ${#key}; index++)); do
  char="${key:index:1}"
  case "$char" in
    [a-zA-Z0-9._~-]) code+="$char" ;;
    *) printf -v code '%s%%%02X' "$code" "'$char" ;;
  esac
done
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
    --output none >"$errors" 2>&1
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

fail "The Event Grid subscription was not made; new files are found by the clock only (every minute)." \
  "Try again with: azd hooks run postdeploy. What az said:" "$(without_key "$(cat "$errors")" "$key")"

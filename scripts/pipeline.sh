#!/usr/bin/env bash
# What both pipelines do to an environment, in one place: GitHub Actions and Azure DevOps only decide when.
#
#   scripts/pipeline.sh what-if ENVIRONMENT    what a deployment would change; nothing is changed
#   scripts/pipeline.sh deploy ENVIRONMENT     the infrastructure, the code, the subscription for new files
#   scripts/pipeline.sh provision ENVIRONMENT  the infrastructure alone, for a person: what `azd provision` is elsewhere
#   scripts/pipeline.sh smoke ENVIRONMENT      three made-up people, and Entra's verdict on each
#
# ENVIRONMENT is dev or prod: infra/ENVIRONMENT.bicepparam. `az` is signed in (by OIDC: nothing is stored), and what
# differs between tenants is in the environment: AZURE_SUBSCRIPTION_ID, AZURE_LOCATION, PROVISIONING_ENDPOINT, the ids of
# groups, for smoke SMOKE_DOMAIN. See docs/deploying.md.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'pipeline: %s\n' "$*"; }

fail() {
  printf 'pipeline: %s\n' "$@" >&2
  exit 1
}

readonly COMMAND="${1:-}" ENVIRONMENT="${2:-}"
readonly PARAMETERS="infra/$ENVIRONMENT.bicepparam"
readonly DEPLOYMENT="rollcall-$ENVIRONMENT"
readonly WAIT_SECONDS="${PIPELINE_WAIT_SECONDS:-30}"

[[ "$ENVIRONMENT" =~ ^[a-z0-9-]+$ && -f "$PARAMETERS" ]] ||
  fail "usage: scripts/pipeline.sh what-if|deploy|provision|smoke ENVIRONMENT (there is no $PARAMETERS)"
# What Azure DevOps does not know it hands over as the text $(NAME).
for name in AZURE_SUBSCRIPTION_ID AZURE_LOCATION AZURE_PRINCIPAL_ID PROVISIONING_ENDPOINT HR_GROUP_ID SUPPORT_GROUP_ID \
  OPERATOR_GROUP_ID SIGN_IN_CLIENT_ID ALERT_EMAILS BUDGET_FROM DAILY_CALLS NOTIFY_TOPIC KEY_VAULT_ACCESS RECOVER_VAULT \
  SMOKE_DOMAIN; do
  [[ "${!name:-}" != "\$($name)" ]] || unset "$name"
done
# The parameter file knows each of these, if nobody names one; an empty value would go over what it knows.
for name in BUDGET_FROM DAILY_CALLS NOTIFY_TOPIC KEY_VAULT_ACCESS RECOVER_VAULT; do
  [[ -n "${!name:-}" ]] || unset "$name"
done
# The parameter files have a stand-in for each of these, so that they can be looked at anywhere. Nothing may be deployed
# with one.
for name in AZURE_SUBSCRIPTION_ID AZURE_LOCATION PROVISIONING_ENDPOINT; do
  [[ -n "${!name:-}" ]] || fail "$name is not set: it is a variable of the environment $ENVIRONMENT."
done
# Who a group is must be said, and may be said to be nobody; else a stand-in would get roles.
for name in HR_GROUP_ID SUPPORT_GROUP_ID OPERATOR_GROUP_ID SIGN_IN_CLIENT_ID ALERT_EMAILS; do
  [[ -n "${!name+set}" ]] || fail "$name is not set: it is a variable of the environment $ENVIRONMENT, empty for none."
done

# Only a parameter file that gives roles to whoever deploys (dev's) asks who that is.
if [[ -z "${AZURE_PRINCIPAL_ID:-}" ]] && grep -q AZURE_PRINCIPAL_ID "$PARAMETERS"; then
  account="$(az account show --query user.name --output tsv)"
  AZURE_PRINCIPAL_ID="$(az ad sp show --id "$account" --query id --output tsv 2>/dev/null)" ||
    fail "Whoever deploys cannot look itself up in the directory: set AZURE_PRINCIPAL_ID to its object id."
  export AZURE_PRINCIPAL_ID
fi

output() {
  az deployment sub show --subscription "$AZURE_SUBSCRIPTION_ID" --name "$DEPLOYMENT" \
    --query "properties.outputs.$1.value" --output tsv
}

# Whoever looks may read and no more, and is not to be refused for want of a right to write.
what_if() {
  az deployment sub what-if --subscription "$AZURE_SUBSCRIPTION_ID" --name "$DEPLOYMENT" \
    --location "$AZURE_LOCATION" --parameters "$PARAMETERS" --validation-level ProviderNoRbac \
    --exclude-change-types Ignore NoChange
}

provision() {
  say "The infrastructure of $ENVIRONMENT ..."
  # A private network hands its subnet to Microsoft.App. Azure registers the providers of a template's resources by
  # itself, and none of them is of this one.
  local state
  state="$(az provider show --subscription "$AZURE_SUBSCRIPTION_ID" --namespace Microsoft.App \
    --query registrationState --output tsv)"
  [[ "$state" == Registered ]] ||
    az provider register --subscription "$AZURE_SUBSCRIPTION_ID" --namespace Microsoft.App --wait
  az deployment sub create --subscription "$AZURE_SUBSCRIPTION_ID" --name "$DEPLOYMENT" \
    --location "$AZURE_LOCATION" --parameters "$PARAMETERS" --output none
}

deploy() {
  provision
  say "The code ..."
  azd config set auth.useAzCliAuth true
  azd env new "$DEPLOYMENT" --subscription "$AZURE_SUBSCRIPTION_ID" --location "$AZURE_LOCATION" --no-prompt ||
    azd env select "$DEPLOYMENT"
  local name
  for name in AZURE_RESOURCE_GROUP FUNCTION_APP_NAME FUNCTION_APP_HOST NEW_FILES_BY EVENT_GRID_TOPIC HR_STORAGE_ACCOUNT; do
    azd env set "$name" "$(output "$name")" --environment "$DEPLOYMENT"
  done
  azd deploy --environment "$DEPLOYMENT" --no-prompt # and the hook postdeploy
  local functions
  functions="$(az functionapp function list --subscription "$AZURE_SUBSCRIPTION_ID" \
    --resource-group "$(output AZURE_RESOURCE_GROUP)" --name "$(output FUNCTION_APP_NAME)" --query "length(@)" --output tsv)"
  [[ "${functions:-0}" -gt 0 ]] || fail "The app lists no function after the deployment: look at its log."
  say "$functions functions are there."
}

smoke() {
  [[ -n "${SMOKE_DOMAIN:-}" ]] || fail "SMOKE_DOMAIN is not set: a domain that the tenant of $ENVIRONMENT has."
  local account attempt refusal suffix
  account="$(output HR_STORAGE_ACCOUNT)"
  # A role that has just been given takes some minutes to work. Whatever else is wrong looks the same until the end.
  for ((attempt = 1; ; attempt++)); do
    ! refusal="$(az storage blob list --auth-mode login --account-name "$account" --container-name hr-inbox \
      --num-results 1 --output none 2>&1)" || break
    ((attempt < 20)) || fail "Whoever deploys may not look into hr-inbox. What az said:" "$refusal"
    say "Whoever deploys may not look into hr-inbox yet ($attempt of 20); waiting $WAIT_SECONDS s ..."
    sleep "$WAIT_SECONDS"
  done
  suffix="$(az cloud show --query suffixes.storageEndpoint --output tsv)" # another one in each cloud
  export HR_STORAGE__blobServiceUri="https://$account.blob.$suffix"
  export HR_STORAGE__queueServiceUri="https://$account.queue.$suffix"
  export HR_STORAGE__tableServiceUri="https://$account.table.$suffix"
  "${PYTHON:-python}" -m cli smoke --domain "$SMOKE_DOMAIN"
}

case "$COMMAND" in
  what-if) what_if ;;
  deploy) deploy ;;
  provision) provision ;;
  smoke) smoke ;;
  *) fail "usage: scripts/pipeline.sh what-if|deploy|provision|smoke ENVIRONMENT" ;;
esac

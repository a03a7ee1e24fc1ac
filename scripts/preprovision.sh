#!/usr/bin/env bash
# Says, before anything is deployed, what would end badly: an open network where a private one is, and a vault that was
# deleted.
#
# What a pipeline made private stands in no azd environment, and NETWORK is public where nobody says otherwise: one
# `azd provision` would open storage and vault to the internet. A private network also needs a provider that Azure does
# not register by itself, as no resource of the template is of it.
#
# The vault has purge protection: after `azd down` Azure keeps it, and its name, for 90 days. A deployment of the same
# environment would end in a conflict halfway through. Without the Azure CLI nothing is said; Azure says it then.
set -euo pipefail

fail() {
  printf 'preprovision: %s\n' "$@" >&2
  exit 1
}

[[ -n "${AZURE_ENV_NAME:-}" ]] || fail "AZURE_ENV_NAME is not set. Run this with: azd hooks run preprovision"
command -v az >/dev/null || exit 0

group="${AZURE_RESOURCE_GROUP:-rg-$AZURE_ENV_NAME}"
azure() { az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}; }

if [[ "${NETWORK:-public}" != private ]]; then
  query="[?tags.application=='rollcall' && tags.\"azd-env-name\"=='$AZURE_ENV_NAME'"
  query+=" && starts_with(name, 'sthr') && publicNetworkAccess=='Disabled'].name | [0]"
  # A group that is not there yet is an error, and has no account.
  closed="$(azure storage account list --resource-group "$group" --query "$query" --output tsv 2>/dev/null)" || closed=""
  [[ -z "$closed" ]] || fail \
    "The account $closed is in a private network, and NETWORK is not private: this would open it, and the vault." \
    "If a pipeline deploys this environment:  set the value there and run it; see docs/deploying.md, By a pipeline" \
    "Else keep it private:                    azd env set NETWORK private" \
    "Or open it on purpose first:             az storage account update --name $closed --public-network-access Enabled"
else
  state="$(azure provider show --namespace Microsoft.App --query registrationState --output tsv 2>/dev/null)" || state=""
  [[ "$state" == Registered ]] || azure provider register --namespace Microsoft.App --wait || fail \
    "A private network needs the provider Microsoft.App in the subscription, and it could not be registered." \
    "Somebody with Contributor on the subscription does it, once:  az provider register --namespace Microsoft.App --wait"
fi

query="[?properties.tags.application=='rollcall' && properties.tags.\"azd-env-name\"=='$AZURE_ENV_NAME'"
query+=" && contains(properties.vaultId, '/resourceGroups/$group/')].name | [0]"
deleted="$(azure keyvault list-deleted --resource-type vault --query "$query" --output tsv 2>/dev/null)" || exit 0

if [[ -n "$deleted" && "${RECOVER_VAULT:-no}" != yes ]]; then
  fail "The vault $deleted of this environment was deleted. Azure keeps it, and its name, for 90 days after that." \
    "Take it back, with the fingerprint key in it:  azd env set RECOVER_VAULT yes && azd provision" \
    "and afterwards:                                azd env set RECOVER_VAULT no" \
    "Or begin afresh under another name:            azd env new NAME"
fi
if [[ -z "$deleted" && "${RECOVER_VAULT:-no}" == yes ]]; then
  fail "There is no deleted vault of this environment to take back: azd env set RECOVER_VAULT no"
fi

#!/usr/bin/env bash
# Says, before anything is deployed, that the vault of this environment was deleted and how it is taken back.
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
query="[?properties.tags.application=='rollcall' && properties.tags.\"azd-env-name\"=='$AZURE_ENV_NAME'"
query+=" && contains(properties.vaultId, '/resourceGroups/$group/')].name | [0]"
deleted="$(az keyvault list-deleted --resource-type vault ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} \
  --query "$query" --output tsv 2>/dev/null)" || exit 0

if [[ -n "$deleted" && "${RECOVER_VAULT:-no}" != yes ]]; then
  fail "The vault $deleted of this environment was deleted. Azure keeps it, and its name, for 90 days after that." \
    "Take it back, with the fingerprint key in it:  azd env set RECOVER_VAULT yes && azd provision" \
    "and afterwards:                                azd env set RECOVER_VAULT no" \
    "Or begin afresh under another name:            azd env new NAME"
fi
if [[ -z "$deleted" && "${RECOVER_VAULT:-no}" == yes ]]; then
  fail "There is no deleted vault of this environment to take back: azd env set RECOVER_VAULT no"
fi

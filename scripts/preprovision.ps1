# Says, before anything is deployed, that the vault of this environment was deleted and how it is taken back. Does what
# preprovision.sh does, for Windows (PowerShell 7); the reasons are written there.
#Requires -Version 7
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false

function Fail([string[]] $lines) {
    foreach ($line in $lines) { [Console]::Error.WriteLine("preprovision: $line") }
    exit 1
}

if (-not $env:AZURE_ENV_NAME) { Fail 'AZURE_ENV_NAME is not set. Run this with: azd hooks run preprovision' }
if (-not (Get-Command az -ErrorAction SilentlyContinue)) { exit 0 }

$group = if ($env:AZURE_RESOURCE_GROUP) { $env:AZURE_RESOURCE_GROUP } else { "rg-$env:AZURE_ENV_NAME" }
$query = "[?properties.tags.application=='rollcall' && properties.tags.`"azd-env-name`"=='$env:AZURE_ENV_NAME'"
$query += " && contains(properties.vaultId, '/resourceGroups/$group/')].name | [0]"
$where = if ($env:AZURE_SUBSCRIPTION_ID) { @('--subscription', $env:AZURE_SUBSCRIPTION_ID) } else { @() }
$deleted = az keyvault list-deleted --resource-type vault @where --query $query --output tsv 2>$null
if ($LASTEXITCODE -ne 0) { exit 0 }
$deleted = "$deleted".Trim()

if ($deleted -and $env:RECOVER_VAULT -cne 'yes') {
    Fail "The vault $deleted of this environment was deleted. Azure keeps it, and its name, for 90 days after that.",
        'Take it back, with the fingerprint key in it:  azd env set RECOVER_VAULT yes && azd provision',
        'and afterwards:                                azd env set RECOVER_VAULT no',
        'Or begin afresh under another name:            azd env new NAME'
}
if (-not $deleted -and $env:RECOVER_VAULT -ceq 'yes') {
    Fail 'There is no deleted vault of this environment to take back: azd env set RECOVER_VAULT no'
}

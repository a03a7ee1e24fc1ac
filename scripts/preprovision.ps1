# Says, before anything is deployed, what would end badly: an open network where a private one is, and a vault that was
# deleted. Does what preprovision.sh does, for Windows (PowerShell 7); the reasons are written there.
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
$where = if ($env:AZURE_SUBSCRIPTION_ID) { @('--subscription', $env:AZURE_SUBSCRIPTION_ID) } else { @() }

if ($env:NETWORK -cne 'private') {
    $query = "[?tags.application=='rollcall' && tags.`"azd-env-name`"=='$env:AZURE_ENV_NAME'"
    $query += " && starts_with(name, 'sthr') && publicNetworkAccess=='Disabled'].name | [0]"
    $closed = az storage account list @where --resource-group $group --query $query --output tsv 2>$null
    # A group that is not there yet is an error, and has no account.
    $closed = if ($LASTEXITCODE -eq 0) { "$closed".Trim() } else { '' }
    if ($closed) {
        Fail "The account $closed is in a private network, and NETWORK is not private: this would open it, and the vault.",
            'If a pipeline deploys this environment:  set the value there and run it; see docs/deploying.md, By a pipeline',
            'Else keep it private:                    azd env set NETWORK private',
            "Or open it on purpose first:             az storage account update --name $closed --public-network-access Enabled"
    }
} else {
    $state = az provider show @where --namespace Microsoft.App --query registrationState --output tsv 2>$null
    if ($LASTEXITCODE -ne 0 -or "$state".Trim() -cne 'Registered') {
        az provider register @where --namespace Microsoft.App --wait
        if ($LASTEXITCODE -ne 0) {
            Fail 'A private network needs the provider Microsoft.App in the subscription, and it could not be registered.',
                'Somebody with Contributor on the subscription does it, once:  az provider register --namespace Microsoft.App --wait'
        }
    }
}

$query = "[?properties.tags.application=='rollcall' && properties.tags.`"azd-env-name`"=='$env:AZURE_ENV_NAME'"
$query += " && contains(properties.vaultId, '/resourceGroups/$group/')].name | [0]"
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

# Tells Event Grid to call the function `intake` when a file arrives in hr-inbox. Does what postdeploy.sh does, for
# Windows (PowerShell 7); the reasons are written there. The key is never printed, written to a file or put on a
# command line. azd sets the variables below. By hand: azd hooks run postdeploy
#Requires -Version 7
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false

$function = 'intake'
$subscriptionName = 'hr-inbox-to-intake'
$subject = '/blobServices/default/containers/hr-inbox/'
$keyAttempts = 20
$subscribeAttempts = 5
$waitSeconds = [int]($env:POSTDEPLOY_WAIT_SECONDS ?? '15')

function Say([string] $text) { Write-Host "postdeploy: $text" }

function Fail([string[]] $lines) {
    foreach ($line in $lines) { [Console]::Error.WriteLine("postdeploy: $line") }
    exit 1
}

# A pattern that finds a text however its characters are escaped: %2B, %252b, \u002b, &#43;, &#x2b; and &amp;.
function Get-AnySpelling([string] $text) {
    $names = @{ '&' = 'amp'; '<' = 'lt'; '>' = 'gt'; '"' = 'quot'; "'" = 'apos' }
    $pattern = ''
    foreach ($char in $text.ToCharArray()) {
        $hex = '(?i:{0:x2})' -f [int]$char
        $plain = if ($char -ceq '/') { '\\*/' } elseif ($char -ceq '\') { '\\+' } else { [regex]::Escape([string]$char) }
        if ($char -ceq '"') { $plain = '\\*"' }
        if ($names.ContainsKey([string]$char)) { $plain = "&(?:amp;)*$($names[[string]$char]);|$plain" }
        $pattern += '(?:{0}|%(?:25)*{1}|\\+u00{1}|&#0*{2};|&#[xX]0*{1};)' -f $plain, $hex, [int]$char
    }
    $pattern
}

# What az said, without the key: it is masked however it is spelt, and so is whatever follows `code=`. Should a piece
# of it still be there, nothing is shown at all.
function Get-WithoutKey([string] $said, [string] $key) {
    $masked = [regex]::Replace($said, (Get-AnySpelling $key), '<key>')
    $code = '(code(?:=|%(?:25)*3[dD]|\\+u003[dD]|&#61;|&#[xX]3[dD];))[^\s"'',;)}<]+'
    $masked = [regex]::Replace($masked, $code, '$1<key>')
    foreach ($piece in ($key -split '[^A-Za-z0-9]+')) {
        if ($piece.Length -ge 6 -and $masked.Contains($piece)) { $masked = '(not shown, as it has the key in it)' }
    }
    $masked
}

foreach ($name in 'AZURE_SUBSCRIPTION_ID', 'AZURE_RESOURCE_GROUP', 'FUNCTION_APP_NAME', 'FUNCTION_APP_HOST') {
    if (-not [Environment]::GetEnvironmentVariable($name)) {
        Fail "$name is not set. Run this with: azd hooks run postdeploy"
    }
}
# Windows does not tell an empty variable from none, unless .NET is of version 9: there NEW_FILES_BY has to be said.
$topic = [Environment]::GetEnvironmentVariable('EVENT_GRID_TOPIC')
if ($env:NEW_FILES_BY -ceq 'clock' -or (-not $env:NEW_FILES_BY -and $null -ne $topic -and $topic -eq '')) {
    Say 'The network is private: the clock finds new files, every minute. Event Grid is not used.'
    exit 0
}
if (-not $env:EVENT_GRID_TOPIC) {
    Fail 'EVENT_GRID_TOPIC is not set. Run this with: azd hooks run postdeploy',
        'In a private network there is none, and NEW_FILES_BY is to be clock.'
}
if (-not (Get-Command az -ErrorAction SilentlyContinue)) {
    Fail 'The Azure CLI (az) is not installed: https://aka.ms/install-azure-cli'
}
az account show --subscription $env:AZURE_SUBSCRIPTION_ID --output none 2>$null
if ($LASTEXITCODE -ne 0) {
    Fail "The Azure CLI cannot see subscription $env:AZURE_SUBSCRIPTION_ID. Sign in with: az login"
}

$key = ''
$problem = ''
for ($attempt = 1; $attempt -le $keyAttempts -and -not $key; $attempt++) {
    $answer = az functionapp keys list --subscription $env:AZURE_SUBSCRIPTION_ID --resource-group $env:AZURE_RESOURCE_GROUP `
        --name $env:FUNCTION_APP_NAME --query 'systemKeys.blobs_extension' --output tsv 2>&1
    $problem = ($answer | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | Out-String).Trim()
    $plain = ($answer | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] } | Out-String) -replace '\s', ''
    if ($LASTEXITCODE -eq 0 -and $plain) { $key = $plain }
    if (-not $key) {
        Say "The runtime has no key for blob events yet ($attempt of $keyAttempts); waiting $waitSeconds s ..."
        Start-Sleep -Seconds $waitSeconds
    }
}
if (-not $key) {
    Fail 'The app has still not made its key blobs_extension, so new files are found by the clock only (every minute).',
        "See in the portal whether the function $function is listed and what the app logs, then: azd hooks run postdeploy",
        $problem
}

$code = [Uri]::EscapeDataString($key)
$endpoint = "https://$env:FUNCTION_APP_HOST/runtime/webhooks/blobs?functionName=Host.Functions.$function&code=$code"

$message = ''
for ($attempt = 1; $attempt -le $subscribeAttempts; $attempt++) {
    $message = $endpoint | az eventgrid system-topic event-subscription create `
        --subscription $env:AZURE_SUBSCRIPTION_ID --resource-group $env:AZURE_RESOURCE_GROUP `
        --system-topic-name $env:EVENT_GRID_TOPIC --name $subscriptionName `
        --endpoint-type webhook --endpoint '@-' `
        --included-event-types Microsoft.Storage.BlobCreated `
        --subject-begins-with $subject `
        --advanced-filter data.api StringNotIn CreateFile SftpCreate SftpWrite `
        --output none 2>&1 | Out-String
    if ($LASTEXITCODE -eq 0) {
        Say "New files in hr-inbox of $($env:HR_STORAGE_ACCOUNT ?? 'the HR account') now start $function."
        exit 0
    }
    Say "Event Grid could not reach the app yet ($attempt of $subscribeAttempts); waiting $waitSeconds s ..."
    Start-Sleep -Seconds $waitSeconds
}

Fail 'The Event Grid subscription was not made; new files are found by the clock only (every minute).',
    'Try again with: azd hooks run postdeploy. What az said:',
    (Get-WithoutKey $message.Trim() $key)

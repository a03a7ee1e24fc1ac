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

foreach ($name in 'AZURE_SUBSCRIPTION_ID', 'AZURE_RESOURCE_GROUP', 'FUNCTION_APP_NAME', 'FUNCTION_APP_HOST', 'EVENT_GRID_TOPIC') {
    if (-not [Environment]::GetEnvironmentVariable($name)) {
        Fail "$name is not set. Run this with: azd hooks run postdeploy"
    }
}
if (-not (Get-Command az -ErrorAction SilentlyContinue)) {
    Fail 'The Azure CLI (az) is not installed: https://aka.ms/install-azure-cli'
}
az account show --subscription $env:AZURE_SUBSCRIPTION_ID --output none 2>$null
if ($LASTEXITCODE -ne 0) {
    Fail "The Azure CLI cannot see subscription $env:AZURE_SUBSCRIPTION_ID. Sign in with: az login"
}

$key = ''
for ($attempt = 1; $attempt -le $keyAttempts -and -not $key; $attempt++) {
    $answer = az functionapp keys list --subscription $env:AZURE_SUBSCRIPTION_ID --resource-group $env:AZURE_RESOURCE_GROUP `
        --name $env:FUNCTION_APP_NAME --query 'systemKeys.blobs_extension' --output tsv 2>$null
    if ($LASTEXITCODE -eq 0 -and $answer) { $key = "$answer".Trim() }
    if (-not $key) {
        Say "The runtime has no key for blob events yet ($attempt of $keyAttempts); waiting $waitSeconds s ..."
        Start-Sleep -Seconds $waitSeconds
    }
}
if (-not $key) {
    Fail 'The app has still not made its key blobs_extension, so new files are found by the clock only (every minute).',
        "See in the portal whether the function $function is listed and what the app logs, then: azd hooks run postdeploy"
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

$message = $message.Replace($key, '<key>').Replace($code, '<key>')
Fail 'The Event Grid subscription was not made; new files are found by the clock only (every minute).',
    'Try again with: azd hooks run postdeploy. What az said:',
    $message

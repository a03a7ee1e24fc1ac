// What `azd provision` deploys: a resource group, and Rollcall in it.
//
// The scope is the subscription because that is what azd expects of a template that brings its own group, and because
// one command then takes everything away again. Whoever may deploy into an existing group only deploys rollcall.bicep
// there; this file adds nothing but the group.
targetScope = 'subscription'

@description('Name of the azd environment. Part of the group name and a tag on every resource.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything, people\'s data included.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Resource group to create or use; rg-<environment> if empty.')
param resourceGroupName string = ''

@description('The bulkUpload URL of the provisioning job, as the portal shows it under Provisioning, Overview.')
@minLength(1)
param provisioningEndpoint string

@description('Further jobs: name to bulkUpload URL. A mapping file says `job: <name>`. Names are letters and digits.')
param furtherEndpoints object = {}

@description('Object id of the Entra group that delivers extracts and reads what comes back. Empty: nobody is granted.')
param hrGroupId string = ''

@description('Object id of the Entra group that looks results up in the tables. Empty: nobody is granted.')
param supportGroupId string = ''

@description('Object id of the Entra group that uploads mappings and runs the commands. Empty: nobody is granted.')
param operatorGroupId string = ''

@description('Client id of the app registration that signs people in to the support page. Empty: the page stays shut.')
param signInClientId string = ''

@description('Version of Python that runs the app.')
@allowed([
  '3.11'
  '3.12'
  '3.13'
])
param pythonVersion string = '3.11'

@description('Copies of the account with HR data. Not every region has ZRS and GZRS; GZRS copies to a second one.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GZRS'
])
param hrStorageSku string = 'Standard_LRS'

@description('Days for which a deleted or overwritten file with HR data can be brought back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14

@description('Calls in 24 hours that the tenant\'s licence allows: 2000 with P1 or P2, 6000 with Entra ID Governance.')
param dailyCalls string = '2000'

@description('The share of these calls that only requests with a leaver may use.')
param leaverReserve string = '5%'

@description('How long Entra may say nothing about a person before that is told, in minutes.')
param overdueMinutes string = '60'

@description('Endpoint of an Event Grid topic that is told what somebody should know. Empty: none.')
param notifyTopic string = ''

@description('When the daily digest goes out: a time of day in UTC, or off.')
param digestAt string = '06:30'

@description('Days for which entries of the provisioning log are kept; 0 for ever.')
param keepEventsDays string = '180'

@description('Days for which extracts are kept, with their copies and plans; 0 for ever.')
param keepExtractsDays string = '400'

@description('Days for which HR finds what came back; 0 for ever.')
param keepOutboxDays string = '90'

@description('What the app may do with the vault: `create` also lets it make its own fingerprint key, `read` does not.')
@allowed([
  'create'
  'read'
])
param keyVaultAccess string = 'create'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: empty(resourceGroupName) ? 'rg-${environmentName}' : resourceGroupName
  location: location
  tags: {
    'azd-env-name': environmentName
  }
}

module rollcall 'rollcall.bicep' = {
  name: 'rollcall'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    provisioningEndpoint: provisioningEndpoint
    furtherEndpoints: furtherEndpoints
    hrGroupId: hrGroupId
    supportGroupId: supportGroupId
    operatorGroupId: operatorGroupId
    signInClientId: signInClientId
    pythonVersion: pythonVersion
    hrStorageSku: hrStorageSku
    softDeleteDays: softDeleteDays
    dailyCalls: dailyCalls
    leaverReserve: leaverReserve
    overdueMinutes: overdueMinutes
    notifyTopic: notifyTopic
    digestAt: digestAt
    keepEventsDays: keepEventsDays
    keepExtractsDays: keepExtractsDays
    keepOutboxDays: keepOutboxDays
    keyVaultAccess: keyVaultAccess
  }
}

// azd keeps these in the environment; the post-deploy step and docs/deploying.md read them from there.
// None is called AZURE_CLIENT_ID: that name would change who the Azure tools on the deploying machine sign in as.
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = rollcall.outputs.functionAppName
output FUNCTION_APP_HOST string = rollcall.outputs.functionAppHost
output EVENT_GRID_TOPIC string = rollcall.outputs.eventGridTopic
output HR_STORAGE_ACCOUNT string = rollcall.outputs.hrStorageAccount
output KEY_VAULT_NAME string = rollcall.outputs.keyVaultName
output APP_PRINCIPAL_ID string = rollcall.outputs.principalId

// Rollcall in one resource group. main.bicep makes the group; this file can also be deployed into one that exists.
//
// Names are worked out here, and handed to the modules as plain text. Modules that were given what another one puts
// out could not be looked into before the deployment: what-if would show neither roles nor scopes.
targetScope = 'resourceGroup'

import { Behaviour, Hosting, HrStorage, Jobs, Monitoring, Network, People, Tags, Vault } from 'types.bicep'

@description('Name of the environment: a tag on every resource, and part of what makes their names unique.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything, people\'s data included.')
param location string = resourceGroup().location

@description('The bulkUpload URL of the provisioning job, as the portal shows it under Provisioning, Overview.')
@minLength(1)
param provisioningEndpoint string

param furtherEndpoints Jobs = {}
param people People = {}
param behaviour Behaviour = {}
param hosting Hosting = {}
param hrStorage HrStorage = {}
param vault Vault = {}
param network Network = {}
param monitoring Monitoring = {}
param tags Tags = {}

var token = uniqueString(resourceGroup().id, environmentName)
var names = {
  identity: 'id-rollcall-${token}'
  hostStorage: 'sthost${token}'
  hrStorage: 'sthr${token}'
  vault: 'kv-${token}'
  workspace: 'log-rollcall-${token}'
  insights: 'appi-rollcall-${token}'
  plan: 'plan-rollcall-${token}'
  app: 'func-rollcall-${token}'
  topic: 'evgt-rollcall-${token}'
  network: 'vnet-rollcall-${token}'
  telemetryLink: 'ampls-rollcall-${token}'
  actions: 'ag-rollcall-${token}'
  budget: 'budget-rollcall-${token}'
}
var allTags = union(tags, {
  application: 'rollcall'
  'azd-env-name': environmentName
})

// The names of shared/storage/names.py; a test compares the two.
var hrContainers = [
  'hr-inbox'
  'hr-outbox'
  'hr-config'
  'rollcall-state'
]
var hrQueues = [
  'bulk-uploads'
  'bulk-uploads-poison'
  'webjobs-blobtrigger-poison'
]
var hrTables = [
  'Workers'
  'Extracts'
  'ProvisioningEvents'
  'Pages'
  'Accounts'
  'Due'
  'Quota'
]
var packageContainer = 'app-package'

var isPrivate = (network.?access ?? 'public') == 'private'
// Event Grid cannot deliver into a private network; there the clock, every minute, is the trigger.
var newFilesBy = isPrivate ? 'clock' : 'event-grid'
var sftpUsers = hrStorage.?sftpUsers ?? []
var alertEmails = filter(map(split(monitoring.?alertEmails ?? '', ','), one => trim(one)), one => !empty(one))
var monthlyBudget = monitoring.?monthlyBudget ?? 0

// --- Who the app is -------------------------------------------------------------------------------------------------

// User-assigned, so that its roles (the ones in Microsoft Graph included) outlive the function app, and so that its id
// is known before the first deployment: every role assignment is named by it and can be read in what-if.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: names.identity
  location: location
  tags: allTags
}

// --- Where it keeps things ------------------------------------------------------------------------------------------

// The runtime's own account (leases, timers, the deployed package) and the account with people's data are two, so that
// the broad rights which the runtime asks for do not reach people's data.
module hostAccount 'modules/storage.bicep' = {
  params: {
    name: names.hostStorage
    location: location
    tags: allTags
    isPrivate: isPrivate
    containers: [
      packageContainer
    ]
  }
}

module hrAccount 'modules/storage.bicep' = {
  params: {
    name: names.hrStorage
    location: location
    tags: allTags
    isPrivate: isPrivate
    sku: hrStorage.?sku ?? 'Standard_LRS'
    containers: hrContainers
    queues: hrQueues
    tables: hrTables
    softDeleteDays: hrStorage.?softDeleteDays ?? 14
    inboxDays: hrStorage.?inboxDays ?? 0
    sftpUsers: sftpUsers
  }
}

module keyVault 'modules/vault.bicep' = {
  params: {
    name: names.vault
    location: location
    tags: allTags
    isPrivate: isPrivate
    recover: (vault.?recover ?? 'no') == 'yes'
  }
}

// --- What it tells about itself -------------------------------------------------------------------------------------

module telemetry 'modules/telemetry.bicep' = {
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    location: location
    tags: allTags
    logDays: monitoring.?logDays ?? 30
    isPrivate: isPrivate
    queriesArePrivate: isPrivate && (network.?logQueries ?? 'private') == 'private'
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmails)) {
  params: {
    actionGroupName: names.actions
    workspaceName: names.workspace
    location: location
    tags: allTags
    emails: alertEmails
  }
  dependsOn: [
    telemetry
  ]
}

module workbook 'modules/workbook.bicep' = {
  params: {
    workspaceName: names.workspace
    location: location
    tags: allTags
  }
  dependsOn: [
    telemetry
  ]
}

module audit 'modules/audit.bicep' = if ((monitoring.?audit ?? 'files') != 'off') {
  params: {
    hrStorageName: names.hrStorage
    keyVaultName: names.vault
    workspaceName: names.workspace
    topicName: isPrivate ? '' : names.topic
    rowsToo: monitoring.?audit == 'everything'
  }
  dependsOn: [
    hrAccount
    keyVault
    telemetry
    topic
  ]
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0) {
  params: {
    name: names.budget
    monthlyAmount: monthlyBudget
    from: monitoring.?budgetFrom ?? ''
    emails: alertEmails
  }
}

// --- What it may do -------------------------------------------------------------------------------------------------

module roles 'modules/roles.bicep' = {
  params: {
    identityName: identity.name
    people: people
    hostStorageName: names.hostStorage
    hrStorageName: names.hrStorage
    keyVaultName: names.vault
    keyVaultAccess: vault.?access ?? 'create'
    insightsName: names.insights
  }
  dependsOn: [
    hostAccount
    hrAccount
    keyVault
    telemetry
  ]
}

// --- Who reaches it -------------------------------------------------------------------------------------------------

module privateNetwork 'modules/network.bicep' = if (isPrivate) {
  params: {
    vnetName: network.?vnetName ?? names.network
    telemetryLinkName: names.telemetryLink
    location: location
    tags: allTags
    network: network
    hostStorageName: names.hostStorage
    hrStorageName: names.hrStorage
    keyVaultName: names.vault
    workspaceName: names.workspace
    insightsName: names.insights
  }
  dependsOn: [
    hostAccount
    hrAccount
    keyVault
    telemetry
  ]
}

// --- The app --------------------------------------------------------------------------------------------------------

module app 'modules/app.bicep' = {
  params: {
    appName: names.app
    planName: names.plan
    location: location
    tags: allTags
    identityName: identity.name
    hostStorageName: names.hostStorage
    hrStorageName: names.hrStorage
    packageContainer: packageContainer
    keyVaultName: names.vault
    insightsName: names.insights
    provisioningEndpoint: provisioningEndpoint
    furtherEndpoints: furtherEndpoints
    signInClientId: people.?signInClientId ?? ''
    behaviour: behaviour
    hosting: hosting
    newFilesBy: newFilesBy
    subnetId: isPrivate
      ? network.?appSubnetId ?? resourceId(
          'Microsoft.Network/virtualNetworks/subnets',
          network.?vnetName ?? names.network,
          network.?appSubnetName ?? 'app'
        )
      : ''
  }
  dependsOn: [
    roles
    privateNetwork
  ]
}

// --- What wakes it up -----------------------------------------------------------------------------------------------

// The subscription of the function `intake` to this topic carries a key that the runtime makes when the code first
// starts; scripts/postdeploy.sh makes it. Until then, and whenever an event is lost, the clock finds the file.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!isPrivate) {
  name: names.topic
  location: location
  tags: allTags
  properties: {
    source: resourceId('Microsoft.Storage/storageAccounts', names.hrStorage)
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
  dependsOn: [
    hrAccount
  ]
}

output functionAppName string = names.app
output functionAppHost string = app.outputs.host
output newFilesBy string = newFilesBy
output eventGridTopic string = isPrivate ? '' : names.topic
output hrStorageAccount string = names.hrStorage
output keyVaultName string = names.vault
output principalId string = identity.properties.principalId

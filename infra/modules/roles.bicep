// Every role that Rollcall and its people have in Azure, each on the smallest thing that it is needed for.
// docs/security.md tells why. The three roles in Microsoft Graph are in graph.bicep: they take rights in the directory.

@description('Object id of the app\'s managed identity.')
param appPrincipalId string

@description('Object id of the Entra group that delivers extracts; empty for none.')
param hrGroupId string

@description('Object id of the Entra group that looks results up; empty for none.')
param supportGroupId string

@description('Object id of the Entra group that uploads mappings and runs the commands; empty for none.')
param operatorGroupId string

param hostStorageName string
param hrStorageName string
param keyVaultName string
param insightsName string

@allowed([
  'create'
  'read'
])
param keyVaultAccess string

var roles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  blobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  queueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  tableDataReader: '76199698-9eea-4c19-bc75-cec21354c6b6'
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// The app needs to make its fingerprint key once, in a vault that is empty: reading (Secrets User) is not enough for
// that, and a role on one secret cannot be given before the secret exists. docs/security.md tells how to narrow it.
var vaultRole = keyVaultAccess == 'create' ? roles.keyVaultSecretsOfficer : roles.keyVaultSecretsUser

// --- What the roles are on ------------------------------------------------------------------------------------------

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: hostStorageName
}

resource hrStorage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: hrStorageName
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: hrStorage
  name: 'default'
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-01-01' existing = {
  parent: hrStorage
  name: 'default'
}

resource uploads 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' existing = {
  parent: queueService
  name: 'bulk-uploads'
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-01-01' existing = {
  parent: hrStorage
  name: 'default'
}

resource inbox 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: blobService
  name: 'hr-inbox'
}

resource outbox 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: blobService
  name: 'hr-outbox'
}

resource config 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: blobService
  name: 'hr-config'
}

resource state 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: blobService
  name: 'rollcall-state'
}

resource workers 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-01-01' existing = {
  parent: tableService
  name: 'Workers'
}

resource extracts 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-01-01' existing = {
  parent: tableService
  name: 'Extracts'
}

resource events 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-01-01' existing = {
  parent: tableService
  name: 'ProvisioningEvents'
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: keyVaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// --- The app: HR data ----------------------------------------------------------------------------------------------

// What the blob trigger documents for a container that it listens to.
resource appInbox 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: inbox
  name: guid(inbox.id, appPrincipalId, roles.blobDataOwner)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataOwner)
  }
}

resource appOutbox 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: outbox
  name: guid(outbox.id, appPrincipalId, roles.blobDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
}

// Mapping files are decided by people: the app cannot change what it is told to do.
resource appConfig 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: config
  name: guid(config.id, appPrincipalId, roles.blobDataReader)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataReader)
  }
}

resource appState 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state
  name: guid(state.id, appPrincipalId, roles.blobDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
}

// The queue of pages, its poison queue, and the queue in which the blob trigger puts what it could not hand over.
resource appQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hrStorage
  name: guid(hrStorage.id, appPrincipalId, roles.queueDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataContributor)
  }
}

resource appTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hrStorage
  name: guid(hrStorage.id, appPrincipalId, roles.tableDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataContributor)
  }
}

// --- The app: the runtime's own account, secrets, telemetry --------------------------------------------------------

// What the Functions host documents for AzureWebJobsStorage with an identity; the deployed package is in there too.
resource appHostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, appPrincipalId, roles.blobDataOwner)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataOwner)
  }
}

resource appHostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, appPrincipalId, roles.queueDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataContributor)
  }
}

resource appHostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, appPrincipalId, roles.tableDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataContributor)
  }
}

resource appVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, appPrincipalId, vaultRole)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', vaultRole)
  }
}

resource appTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, appPrincipalId, roles.metricsPublisher)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
  }
}

// --- People --------------------------------------------------------------------------------------------------------

resource hrInbox 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(hrGroupId)) {
  scope: inbox
  name: guid(inbox.id, hrGroupId, roles.blobDataContributor)
  properties: {
    principalId: hrGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
}

resource hrOutbox 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(hrGroupId)) {
  scope: outbox
  name: guid(outbox.id, hrGroupId, roles.blobDataReader)
  properties: {
    principalId: hrGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataReader)
  }
}

resource supportWorkers 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(supportGroupId)) {
  scope: workers
  name: guid(workers.id, supportGroupId, roles.tableDataReader)
  properties: {
    principalId: supportGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataReader)
  }
}

resource supportExtracts 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(supportGroupId)) {
  scope: extracts
  name: guid(extracts.id, supportGroupId, roles.tableDataReader)
  properties: {
    principalId: supportGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataReader)
  }
}

resource supportEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(supportGroupId)) {
  scope: events
  name: guid(events.id, supportGroupId, roles.tableDataReader)
  properties: {
    principalId: supportGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataReader)
  }
}

// Shared keys are off, so not even the Owner of the group may write these without a role.
resource operatorConfig 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: config
  name: guid(config.id, operatorGroupId, roles.blobDataContributor)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
}

resource operatorState 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: state
  name: guid(state.id, operatorGroupId, roles.blobDataContributor)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
}

resource operatorInbox 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: inbox
  name: guid(inbox.id, operatorGroupId, roles.blobDataReader)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataReader)
  }
}

resource operatorOutbox 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: outbox
  name: guid(outbox.id, operatorGroupId, roles.blobDataReader)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataReader)
  }
}

resource operatorTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: hrStorage
  name: guid(hrStorage.id, operatorGroupId, roles.tableDataContributor)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataContributor)
  }
}

resource operatorUploads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  scope: uploads
  name: guid(uploads.id, operatorGroupId, roles.queueDataMessageSender)
  properties: {
    principalId: operatorGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataMessageSender)
  }
}

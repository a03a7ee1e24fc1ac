// Who read, wrote or removed what, kept with the logs: HR's files, mapping files, state and secrets; rows and messages
// too if asked for (each step of the app is many of them, so that costs). Addresses in it carry names of files, and
// ids of people where rows are logged; no values.

param hrStorageName string
param keyVaultName string
param workspaceName string

@description('Name of the Event Grid topic; empty where there is none.')
param topicName string

@description('Whether rows of tables and messages of queues are logged as well.')
param rowsToo bool

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource hrAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hrStorageName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }

  resource queues 'queueServices' existing = {
    name: 'default'
  }

  resource tables 'tableServices' existing = {
    name: 'default'
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: keyVaultName
}

var everyAccess = [
  {
    category: 'StorageRead'
    enabled: true
  }
  {
    category: 'StorageWrite'
    enabled: true
  }
  {
    category: 'StorageDelete'
    enabled: true
  }
]

// The only stable version of this type, of 2016, knows neither the shape of today's workspaces nor categories of
// storage; 2021-05-01-preview is the one that Microsoft's own templates use.
#disable-next-line use-recent-api-versions
resource files 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: hrAccount::blobs
  name: 'rollcall-audit'
  properties: {
    workspaceId: workspace.id
    logs: everyAccess
  }
}

#disable-next-line use-recent-api-versions // As above.
resource messages 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (rowsToo) {
  scope: hrAccount::queues
  name: 'rollcall-audit'
  properties: {
    workspaceId: workspace.id
    logs: everyAccess
  }
}

#disable-next-line use-recent-api-versions // As above.
resource rows 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (rowsToo) {
  scope: hrAccount::tables
  name: 'rollcall-audit'
  properties: {
    workspaceId: workspace.id
    logs: everyAccess
  }
}

#disable-next-line use-recent-api-versions // As above.
resource secrets 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'rollcall-audit'
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

// What Event Grid could not deliver: the first sign that the runtime's key was renewed.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = if (!empty(topicName)) {
  name: topicName
}

#disable-next-line use-recent-api-versions // As above.
resource announcements 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(topicName)) {
  scope: topic
  name: 'rollcall-audit'
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        category: 'DeliveryFailures'
        enabled: true
      }
    ]
  }
}

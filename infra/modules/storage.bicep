// One storage account that only identities can use, with what is kept in it.

import { SftpUser, StorageSku, Tags } from '../types.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags Tags
param sku StorageSku = 'Standard_LRS'

@description('Whether the account is reached by private endpoints only.')
param isPrivate bool

param containers string[]
param queues string[] = []
param tables string[] = []

@description('Days for which a deleted or overwritten blob can be brought back; left out, nothing is kept.')
@minValue(1)
@maxValue(365)
param softDeleteDays int?

@description('Days after which files leave hr-inbox; 0 for never.')
@minValue(0)
param inboxDays int = 0

@description('Who delivers files by SFTP. SFTP needs a hierarchical namespace, which an account has from the start or never.')
param sftpUsers SftpUser[] = []

var hasSftp = !empty(sftpUsers)
var softDelete = softDeleteDays == null
  ? {
      enabled: false
    }
  : {
      enabled: true
      days: softDeleteDays
    }

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    isHnsEnabled: hasSftp
    isSftpEnabled: hasSftp
    isLocalUserEnabled: hasSftp
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: softDelete
    containerDeleteRetentionPolicy: softDelete
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for container in containers: {
    parent: blobService
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource storageQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
  }
]

resource storageTables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for table in tables: {
    parent: tableService
    name: table
  }
]

// Only HR's own files: everything else is removed by the app, which knows what is still needed. No rule moves anything
// to the archive tier, which the app could not read.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = if (inboxDays > 0) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-files-of-hr'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                'hr-inbox/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: inboxDays
                }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [
    blobContainers
  ]
}

// A local user may create, write and list in hr-inbox: not read, and not remove. The folder is where the user starts,
// not a wall; docs/security.md says what follows from that. Signing in takes the key pair, never a password.
resource localUsers 'Microsoft.Storage/storageAccounts/localUsers@2025-06-01' = [
  for user in sftpUsers: {
    parent: account
    name: user.name
    properties: {
      homeDirectory: 'hr-inbox/${user.source}'
      hasSharedKey: false
      hasSshKey: true
      hasSshPassword: false
      permissionScopes: [
        {
          service: 'blob'
          resourceName: 'hr-inbox'
          permissions: 'cwl'
        }
      ]
      sshAuthorizedKeys: [
        {
          description: user.source
          key: user.publicKey
        }
      ]
    }
    dependsOn: [
      blobContainers
    ]
  }
]

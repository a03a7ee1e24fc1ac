// Every role that Rollcall and its people have in Azure, each on the smallest thing that it is needed for.
// docs/security.md tells why. The three roles in Microsoft Graph are in graph.bicep: they take rights in the directory.
//
// An assignment is named by its scope, its role and the id of who gets it: the resource id of the app's identity, or
// the object id of a group. All of it is known before the deployment, so that what-if shows who gets what. (The app's
// principal id exists only afterwards. An identity that is deleted and made anew must lose its old assignments first;
// docs/deploying.md says how.)

import { People } from '../types.bicep'

@description('Name of the app\'s managed identity.')
param identityName string
param people People
param hostStorageName string
param hrStorageName string
param keyVaultName string
param insightsName string

@allowed([
  'create'
  'read'
])
param keyVaultAccess string

@description('Who gets a role on something, and why.')
type Grant = {
  @description('Resource id of the app\'s identity, or an object id; empty for nobody.')
  who: string
  type: 'Group' | 'ServicePrincipal' | 'User'
  @description('Id of a built-in role.')
  role: string
  why: string
}

var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var queueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var tableDataReader = '76199698-9eea-4c19-bc75-cec21354c6b6'
var keyVaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

var app = identity.id
var hr = people.?hrGroupId ?? ''
var support = people.?supportGroupId ?? ''
var operators = people.?operatorGroupId ?? ''
var deployer = (people.?deployerRoles ?? 'no') == 'yes' ? people.?deployerId ?? '' : ''
var deployerType = people.?deployerType ?? 'User'
var sourceGroups = people.?sourceGroups ?? []

// --- Who gets what, by what it is on --------------------------------------------------------------------------------

var onInbox Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: blobDataOwner
    why: 'What the blob trigger documents for its container.'
  }
  {
    who: hr
    type: 'Group'
    role: blobDataContributor
    why: 'Delivers extracts.'
  }
  {
    who: operators
    type: 'Group'
    role: blobDataReader
    why: 'Counts the files that may still name somebody who is to be forgotten.'
  }
  {
    who: deployer
    type: deployerType
    role: blobDataContributor
    why: 'Drops a file to see whether a deployment works.'
  }
]

var onOutbox Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: blobDataContributor
    why: 'Writes rejects and summaries.'
  }
  {
    who: hr
    type: 'Group'
    role: blobDataReader
    why: 'Reads what came back.'
  }
  {
    who: operators
    type: 'Group'
    role: blobDataReader
    why: 'Counts the files that may still name somebody who is to be forgotten.'
  }
  {
    who: deployer
    type: deployerType
    role: blobDataReader
    why: 'Sees what came back.'
  }
]

// Mapping files are decided by people: the app cannot change what it is told to do.
var onConfig Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: blobDataReader
    why: 'Reads mapping files.'
  }
  {
    who: operators
    type: 'Group'
    role: blobDataContributor
    why: 'Uploads mapping files.'
  }
  {
    who: deployer
    type: deployerType
    role: blobDataContributor
    why: 'Uploads the mapping file of the trial.'
  }
]

var onState Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: blobDataContributor
    why: 'Copies of extracts, planned pages, leases.'
  }
  {
    who: operators
    type: 'Group'
    role: blobDataContributor
    why: 'Whom a release releases; takes people out of plans who are to be forgotten.'
  }
]

// Transactions of tables go to the account's own address, not to a table's, and the queue that the blob trigger keeps
// for itself is named by the runtime: so these are on the account. It holds nothing else.
var onHrAccount Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: queueDataContributor
    why: 'Pages to send, the poison queue, and what the blob trigger puts aside.'
  }
  {
    who: app
    type: 'ServicePrincipal'
    role: tableDataContributor
    why: 'Results, and what was sent.'
  }
  {
    who: operators
    type: 'Group'
    role: tableDataContributor
    why: 'The commands write what they order into the tables.'
  }
]

var onUploads Grant[] = [
  {
    who: operators
    type: 'Group'
    role: queueDataMessageSender
    why: 'resume and redrive send pages out again.'
  }
]

var supportTables = [
  'Workers'
  'Extracts'
  'ProvisioningEvents'
]
var onSupportTables Grant[] = [
  {
    who: support
    type: 'Group'
    role: tableDataReader
    why: 'Looks results up; sees no other table.'
  }
  {
    who: deployer
    type: deployerType
    role: tableDataReader
    why: 'Sees what became of the file that was dropped.'
  }
]
var supportTableGrants = flatten(map(
  supportTables,
  (table, index) =>
    map(filter(onSupportTables, grant => !empty(grant.who)), grant => {
      table: index
      grant: grant
    })
))

// What the Functions host documents for AzureWebJobsStorage with an identity; the deployed package is in there too.
var onHostAccount Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: blobDataOwner
    why: 'Leases, timers and the deployed package of the Functions host.'
  }
  {
    who: app
    type: 'ServicePrincipal'
    role: queueDataContributor
    why: 'Messages of the Functions host about blobs.'
  }
  {
    who: app
    type: 'ServicePrincipal'
    role: tableDataContributor
    why: 'Diagnostic events of the Functions host.'
  }
]

// The app needs to make its fingerprint key once, in a vault that is empty: reading (Secrets User) is not enough for
// that, and a role on one secret cannot be given before the secret exists. docs/security.md tells how to narrow it.
var onVault Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: keyVaultAccess == 'create' ? keyVaultSecretsOfficer : keyVaultSecretsUser
    why: 'Reads its fingerprint key and what people put there; makes the key once, if it may.'
  }
]

var onInsights Grant[] = [
  {
    who: app
    type: 'ServicePrincipal'
    role: metricsPublisher
    why: 'Sends telemetry without a key.'
  }
]

// --- What the roles are on ------------------------------------------------------------------------------------------

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource hrAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hrStorageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource inbox 'containers' existing = {
      name: 'hr-inbox'
    }

    resource outbox 'containers' existing = {
      name: 'hr-outbox'
    }

    resource config 'containers' existing = {
      name: 'hr-config'
    }

    resource state 'containers' existing = {
      name: 'rollcall-state'
    }
  }

  resource queues 'queueServices' existing = {
    name: 'default'

    resource uploads 'queues' existing = {
      name: 'bulk-uploads'
    }
  }

  resource tables 'tableServices' existing = {
    name: 'default'
  }
}

resource tablesOfSupport 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = [
  for table in supportTables: {
    parent: hrAccount::tables
    name: table
  }
]

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: keyVaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// --- The assignments ------------------------------------------------------------------------------------------------

resource inboxRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(onInbox, one => !empty(one.who)): {
    scope: hrAccount::blobs::inbox
    name: guid(hrAccount::blobs::inbox.id, grant.who, grant.role)
    properties: {
      principalId: grant.who == app ? identity.properties.principalId : grant.who
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

// One group writes one source: the same role as HR's, on one folder of the inbox. Every right of the role that is on a
// blob asks for the path; listing asks for the prefix, so that nobody sees the names of other sources' files.
resource sourceRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for one in sourceGroups: {
    scope: hrAccount::blobs::inbox
    name: guid(hrAccount::blobs::inbox.id, one.groupId, one.source, blobDataContributor)
    properties: {
      principalId: one.groupId
      principalType: 'Group'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
      description: 'Delivers extracts of the source ${one.source}.'
      conditionVersion: '2.0'
      condition: '((!(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read\'} AND NOT SubOperationMatches{\'Blob.List\'}) AND !(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write\'}) AND !(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action\'}) AND !(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete\'}) AND !(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action\'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringStartsWith \'${one.source}/\')) AND ((!(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read\'} AND SubOperationMatches{\'Blob.List\'})) OR (@Request[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:prefix] StringStartsWith \'${one.source}/\'))'
    }
  }
]

resource outboxRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(onOutbox, one => !empty(one.who)): {
    scope: hrAccount::blobs::outbox
    name: guid(hrAccount::blobs::outbox.id, grant.who, grant.role)
    properties: {
      principalId: grant.who == app ? identity.properties.principalId : grant.who
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

resource configRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(onConfig, one => !empty(one.who)): {
    scope: hrAccount::blobs::config
    name: guid(hrAccount::blobs::config.id, grant.who, grant.role)
    properties: {
      principalId: grant.who == app ? identity.properties.principalId : grant.who
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

resource stateRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(onState, one => !empty(one.who)): {
    scope: hrAccount::blobs::state
    name: guid(hrAccount::blobs::state.id, grant.who, grant.role)
    properties: {
      principalId: grant.who == app ? identity.properties.principalId : grant.who
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

resource hrAccountRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(onHrAccount, one => !empty(one.who)): {
    scope: hrAccount
    name: guid(hrAccount.id, grant.who, grant.role)
    properties: {
      principalId: grant.who == app ? identity.properties.principalId : grant.who
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

resource uploadsRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(onUploads, one => !empty(one.who)): {
    scope: hrAccount::queues::uploads
    name: guid(hrAccount::queues::uploads.id, grant.who, grant.role)
    properties: {
      principalId: grant.who == app ? identity.properties.principalId : grant.who
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

resource supportRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for one in supportTableGrants: {
    scope: tablesOfSupport[one.table]
    name: guid(tablesOfSupport[one.table].id, one.grant.who, one.grant.role)
    properties: {
      principalId: one.grant.who
      principalType: one.grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', one.grant.role)
      description: one.grant.why
    }
  }
]

resource hostAccountRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in onHostAccount: {
    scope: hostAccount
    name: guid(hostAccount.id, grant.who, grant.role)
    properties: {
      principalId: identity.properties.principalId
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

resource vaultRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in onVault: {
    scope: vault
    name: guid(vault.id, grant.who, grant.role)
    properties: {
      principalId: identity.properties.principalId
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

resource insightsRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in onInsights: {
    scope: insights
    name: guid(insights.id, grant.who, grant.role)
    properties: {
      principalId: identity.properties.principalId
      principalType: grant.type
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', grant.role)
      description: grant.why
    }
  }
]

// Rollcall in one resource group. main.bicep makes the group; this file can also be deployed into one that exists.
targetScope = 'resourceGroup'

@description('Name of the environment: a tag on every resource, and part of what makes their names unique.')
@minLength(1)
param environmentName string

@description('Region of everything, people\'s data included.')
param location string = resourceGroup().location

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

@description('Memory of one instance. Extracts are streamed, so a bigger file does not ask for more.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Most instances at one time. Entra takes 40 calls in 5 seconds from a tenant: more would only queue.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

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

@description('Days for which logs are kept. They carry ids and column names, no values of people\'s data.')
@minValue(30)
@maxValue(730)
param logDays int = 30

@description('When the provisioning log is read (NCRONTAB, UTC).')
param logSchedule string = '0 */5 * * * *'

@description('When the app looks for what is due, unannounced files included (NCRONTAB, UTC).')
param clockSchedule string = '0 * * * * *'

@description('How long Entra may say nothing about a person before that is told, in minutes.')
param overdueMinutes string = '60'

@description('Calls in 24 hours that the tenant\'s licence allows: 2000 with P1 or P2, 6000 with Entra ID Governance.')
param dailyCalls string = '2000'

@description('The share of these calls that only requests with a leaver may use.')
param leaverReserve string = '5%'

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

var token = uniqueString(resourceGroup().id, environmentName)
var tags = {
  application: 'rollcall'
  'azd-env-name': environmentName
}

// The names of shared/records/names.py; a test compares the two.
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

// --- Who the app is -------------------------------------------------------------------------------------------------

// User-assigned, so that its roles (the ones in Microsoft Graph included) outlive the function app.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-rollcall-${token}'
  location: location
  tags: tags
}

// --- Where it keeps things ------------------------------------------------------------------------------------------

// The runtime's own account (leases, timers, the deployed package) and the account with people's data are two, so that
// the broad rights which the runtime asks for do not reach people's data.
module hostStorage 'modules/storage.bicep' = {
  name: 'host-storage'
  params: {
    name: 'sthost${token}'
    location: location
    tags: tags
    containers: [
      packageContainer
    ]
  }
}

module hrStorage 'modules/storage.bicep' = {
  name: 'hr-storage'
  params: {
    name: 'sthr${token}'
    location: location
    tags: tags
    sku: hrStorageSku
    containers: hrContainers
    queues: hrQueues
    tables: hrTables
    softDeleteDays: softDeleteDays
  }
}

// Purge protection cannot be taken back, and is meant to be: whoever loses the fingerprint key loses the comparison
// with what was sent before, and every record would be sent again.
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: 'Enabled'
  }
}

// --- What it tells about itself -------------------------------------------------------------------------------------

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-rollcall-${token}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: logDays
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-rollcall-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

// --- What it may do -------------------------------------------------------------------------------------------------

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    appPrincipalId: identity.properties.principalId
    hrGroupId: hrGroupId
    supportGroupId: supportGroupId
    operatorGroupId: operatorGroupId
    hostStorageName: hostStorage.outputs.name
    hrStorageName: hrStorage.outputs.name
    keyVaultName: vault.name
    keyVaultAccess: keyVaultAccess
    insightsName: insights.name
  }
}

// --- The app --------------------------------------------------------------------------------------------------------

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-rollcall-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
  }
}

// What shared/settings.py and the Functions host read; a test compares. An address with an identity is all there is:
// no setting is a secret. The connection string of Application Insights names a place; sending there takes a role.
var fixedSettings = {
  AzureWebJobsStorage__blobServiceUri: hostStorage.outputs.blobEndpoint
  AzureWebJobsStorage__queueServiceUri: hostStorage.outputs.queueEndpoint
  AzureWebJobsStorage__tableServiceUri: hostStorage.outputs.tableEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  HR_STORAGE__blobServiceUri: hrStorage.outputs.blobEndpoint
  HR_STORAGE__queueServiceUri: hrStorage.outputs.queueEndpoint
  HR_STORAGE__tableServiceUri: hrStorage.outputs.tableEndpoint
  HR_STORAGE__credential: 'managedidentity'
  HR_STORAGE__clientId: identity.properties.clientId
  PROVISIONING_ENDPOINT: provisioningEndpoint
  KEY_VAULT_URI: vault.properties.vaultUri
  AZURE_CLIENT_ID: identity.properties.clientId
  PYTHON_THREADPOOL_THREAD_COUNT: '16' // a page waits for its turn in a thread; the default is about 5
  ROLLCALL_BLOB_SOURCE: 'event_grid'
  ROLLCALL_LOG_SCHEDULE: logSchedule
  ROLLCALL_CLOCK_SCHEDULE: clockSchedule
  ROLLCALL_OVERDUE_MINUTES: overdueMinutes
  ROLLCALL_DAILY_CALLS: dailyCalls
  ROLLCALL_LEAVER_RESERVE: leaverReserve
  ROLLCALL_NOTIFY_TOPIC: notifyTopic
  ROLLCALL_DIGEST_AT: digestAt
  ROLLCALL_KEEP_EVENTS_DAYS: keepEventsDays
  ROLLCALL_KEEP_EXTRACTS_DAYS: keepExtractsDays
  ROLLCALL_KEEP_OUTBOX_DAYS: keepOutboxDays
  // Not a secret but a client id: App Service authentication signs in with a token of this identity.
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identity.properties.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
}
var jobSettings = toObject(
  items(furtherEndpoints),
  job => 'PROVISIONING_ENDPOINT__${toUpper(job.key)}',
  job => job.value
)

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: 'func-rollcall-${token}'
  location: location
  tags: union(tags, {
    'azd-service-name': 'rollcall'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.outputs.blobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
    }
  }
  dependsOn: [
    roles
  ]
}

resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: union(jobSettings, fixedSettings)
}

// Sign-in for the support page. Two app roles of the registration decide who may look and who may release; the page
// itself checks them. Without a registration authentication is off, and the page shows nothing.
resource signIn 'Microsoft.Web/sites/config@2024-11-01' = if (!empty(signInClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
      // Event Grid announces files there with the runtime's own key. The path counts as it stands, not as a prefix.
      excludedPaths: [
        '/runtime/webhooks/blobs'
      ]
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: signInClientId
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            'api://${signInClientId}'
          ]
          defaultAuthorizationPolicy: {
            allowedApplications: [
              signInClientId
            ]
          }
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
    httpSettings: {
      requireHttps: true
    }
  }
}

// Code is deployed with an Entra token; the user name and password that every site has stay unusable.
resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

// --- What wakes it up -----------------------------------------------------------------------------------------------

// The subscription of the function `intake` to this topic carries a key that the runtime makes when the code first
// starts; scripts/postdeploy.sh makes it. Until then, and whenever an event is lost, the clock finds the file.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-rollcall-${token}'
  location: location
  tags: tags
  properties: {
    source: hrStorage.outputs.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

output functionAppName string = app.name
output functionAppHost string = app.properties.defaultHostName
output eventGridTopic string = topic.name
output hrStorageAccount string = hrStorage.outputs.name
output keyVaultName string = vault.name
output principalId string = identity.properties.principalId

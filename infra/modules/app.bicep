// The function app, its settings, and sign-in for the support page.

import { Behaviour, Hosting, Jobs, Tags } from '../types.bicep'

@minLength(2)
@maxLength(60)
param appName string
param planName string
param location string
param tags Tags
param identityName string
param hostStorageName string
param hrStorageName string
param packageContainer string
param keyVaultName string
param insightsName string
param provisioningEndpoint string
param furtherEndpoints Jobs
param signInClientId string
param behaviour Behaviour
param hosting Hosting

@description('Who finds new files; the check-up is not to look for events where Event Grid cannot deliver.')
param newFilesBy 'event-grid' | 'clock'

@description('Id of the subnet that the app reaches everything from; empty for none.')
param subnetId string

var storageSuffix = environment().suffixes.storage
var usesOpenTelemetry = (hosting.?telemetry ?? 'ApplicationInsights') == 'OpenTelemetry'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
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
  AzureWebJobsStorage__blobServiceUri: 'https://${hostStorageName}.blob.${storageSuffix}/'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostStorageName}.queue.${storageSuffix}/'
  AzureWebJobsStorage__tableServiceUri: 'https://${hostStorageName}.table.${storageSuffix}/'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  HR_STORAGE__blobServiceUri: 'https://${hrStorageName}.blob.${storageSuffix}/'
  HR_STORAGE__queueServiceUri: 'https://${hrStorageName}.queue.${storageSuffix}/'
  HR_STORAGE__tableServiceUri: 'https://${hrStorageName}.table.${storageSuffix}/'
  HR_STORAGE__credential: 'managedidentity'
  HR_STORAGE__clientId: identity.properties.clientId
  PROVISIONING_ENDPOINT: provisioningEndpoint
  KEY_VAULT_URI: 'https://${keyVaultName}${environment().suffixes.keyvaultDns}/'
  AZURE_CLIENT_ID: identity.properties.clientId
  PYTHON_THREADPOOL_THREAD_COUNT: '16' // a page waits for its turn in a thread; the default is about 5
  NEW_FILES_BY: newFilesBy
  ROLLCALL_BLOB_SOURCE: 'event_grid'
  ROLLCALL_LOG_SCHEDULE: behaviour.?logSchedule ?? '0 */5 * * * *'
  ROLLCALL_CLOCK_SCHEDULE: behaviour.?clockSchedule ?? '0 * * * * *'
  ROLLCALL_OVERDUE_MINUTES: behaviour.?overdueMinutes ?? '60'
  ROLLCALL_DAILY_CALLS: behaviour.?dailyCalls ?? '2000'
  ROLLCALL_LEAVER_RESERVE: behaviour.?leaverReserve ?? '5%'
  ROLLCALL_NOTIFY_TOPIC: behaviour.?notifyTopic ?? ''
  ROLLCALL_DIGEST_AT: behaviour.?digestAt ?? '06:30'
  ROLLCALL_KEEP_EVENTS_DAYS: behaviour.?keepEventsDays ?? '180'
  ROLLCALL_KEEP_EXTRACTS_DAYS: behaviour.?keepExtractsDays ?? '400'
  ROLLCALL_KEEP_OUTBOX_DAYS: behaviour.?keepOutboxDays ?? '90'
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
// In place of `telemetryMode` in host.json; the sampling there does not count then.
var telemetrySettings = usesOpenTelemetry
  ? {
      AzureFunctionsJobHost__telemetryMode: 'OpenTelemetry'
    }
  : {}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: appName
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
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${hostStorageName}.blob.${storageSuffix}/${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: hosting.?pythonVersion ?? '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: hosting.?instanceMemoryMB ?? 2048
        maximumInstanceCount: hosting.?maximumInstanceCount ?? 40
      }
      // Microsoft documents this property, and publishes no type that has it (none up to 2025-03-01).
      #disable-next-line BCP037
      siteUpdateStrategy: {
        type: hosting.?updateStrategy ?? 'RollingUpdate'
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(hosting.?furtherSettings ?? {}, jobSettings, telemetrySettings, fixedSettings)
}

// Sign-in for the support page. Two app roles of the registration decide who may look and who may release; the page
// itself checks them. Without a registration authentication is off, and the page shows nothing.
resource signIn 'Microsoft.Web/sites/config@2025-03-01' = if (!empty(signInClientId)) {
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
resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

output host string = app.properties.defaultHostName

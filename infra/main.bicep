// What `azd provision` deploys: a resource group, and Rollcall in it.
//
// The scope is the subscription because that is what azd expects of a template that brings its own group, and because
// one command then takes everything away again. Whoever may deploy into an existing group only deploys rollcall.bicep
// there; this file adds nothing but the group.
targetScope = 'subscription'

import { Behaviour, Hosting, HrStorage, Jobs, Monitoring, Network, People, Tags, Vault } from 'types.bicep'

@description('Name of the environment. Part of the group name and a tag on every resource.')
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

param furtherEndpoints Jobs = {}
param people People = {}
param behaviour Behaviour = {}
param hosting Hosting = {}
param hrStorage HrStorage = {}
param vault Vault = {}
param network Network = {}
param monitoring Monitoring = {}
param tags Tags = {}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: empty(resourceGroupName) ? 'rg-${environmentName}' : resourceGroupName
  location: location
  tags: union(tags, {
    'azd-env-name': environmentName
  })
}

module rollcall 'rollcall.bicep' = {
  scope: group
  params: {
    environmentName: environmentName
    location: location
    provisioningEndpoint: provisioningEndpoint
    furtherEndpoints: furtherEndpoints
    people: people
    behaviour: behaviour
    hosting: hosting
    hrStorage: hrStorage
    vault: vault
    network: network
    monitoring: monitoring
    tags: tags
  }
}

// azd keeps these in the environment; the post-deploy step and docs/deploying.md read them from there.
// None is called AZURE_CLIENT_ID: that name would change who the Azure tools on the deploying machine sign in as.
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = rollcall.outputs.functionAppName
output FUNCTION_APP_HOST string = rollcall.outputs.functionAppHost
output NEW_FILES_BY string = rollcall.outputs.newFilesBy
output EVENT_GRID_TOPIC string = rollcall.outputs.eventGridTopic
output HR_STORAGE_ACCOUNT string = rollcall.outputs.hrStorageAccount
output KEY_VAULT_NAME string = rollcall.outputs.keyVaultName
output APP_PRINCIPAL_ID string = rollcall.outputs.principalId

// The private network: the app in one subnet, and in another a private endpoint for each thing that it reaches.

import { Network, Tags } from '../types.bicep'

param vnetName string
param telemetryLinkName string
param location string
param tags Tags
param network Network
param hostStorageName string
param hrStorageName string
param keyVaultName string
param workspaceName string
param insightsName string

var makesNetwork = empty(network.?appSubnetId ?? '')
var makesNat = makesNetwork && (network.?egress ?? 'nat') == 'nat'
var makesZones = (network.?dnsZones ?? 'make') == 'make'
var appSubnetName = network.?appSubnetName ?? 'app'
var endpointSubnetName = network.?endpointSubnetName ?? 'endpoints'
var endpointSubnetId = makesNetwork
  ? resourceId('Microsoft.Network/virtualNetworks/subnets', vnetName, endpointSubnetName)
  : network.?endpointSubnetId ?? ''

// The global cloud's names of Azure Monitor; `environment()` does not know them. Another cloud names its own.
#disable-next-line no-hardcoded-env-urls
var usualMonitorZones = [
  'privatelink.monitor.azure.com'
  'privatelink.oms.opinsights.azure.com'
  'privatelink.ods.opinsights.azure.com'
  'privatelink.agentsvc.azure-automation.net'
]
var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var queueZone = 'privatelink.queue.${environment().suffixes.storage}'
var tableZone = 'privatelink.table.${environment().suffixes.storage}'
var vaultZone = 'privatelink.vaultcore.${replace(environment().suffixes.keyvaultDns, '.vault.', '')}'
var monitorZones = network.?monitorZones ?? usualMonitorZones
var zones = concat([blobZone, queueZone, tableZone, vaultZone], monitorZones)

@description('One private endpoint.')
type Endpoint = {
  name: string
  @description('Type and name of what it leads to.')
  type: string
  resource: string
  @description('The part of it.')
  part: 'blob' | 'queue' | 'table' | 'vault' | 'azuremonitor'
  @description('The DNS zones that it is named in.')
  zones: string[]
}

var endpoints Endpoint[] = [
  {
    name: 'pe-${hostStorageName}-blob'
    type: 'Microsoft.Storage/storageAccounts'
    resource: hostStorageName
    part: 'blob'
    zones: [blobZone]
  }
  {
    name: 'pe-${hostStorageName}-queue'
    type: 'Microsoft.Storage/storageAccounts'
    resource: hostStorageName
    part: 'queue'
    zones: [queueZone]
  }
  {
    name: 'pe-${hostStorageName}-table'
    type: 'Microsoft.Storage/storageAccounts'
    resource: hostStorageName
    part: 'table'
    zones: [tableZone]
  }
  {
    name: 'pe-${hrStorageName}-blob'
    type: 'Microsoft.Storage/storageAccounts'
    resource: hrStorageName
    part: 'blob'
    zones: [blobZone]
  }
  {
    name: 'pe-${hrStorageName}-queue'
    type: 'Microsoft.Storage/storageAccounts'
    resource: hrStorageName
    part: 'queue'
    zones: [queueZone]
  }
  {
    name: 'pe-${hrStorageName}-table'
    type: 'Microsoft.Storage/storageAccounts'
    resource: hrStorageName
    part: 'table'
    zones: [tableZone]
  }
  {
    name: 'pe-${keyVaultName}-vault'
    type: 'Microsoft.KeyVault/vaults'
    resource: keyVaultName
    part: 'vault'
    zones: [vaultZone]
  }
  {
    name: 'pe-${telemetryLinkName}'
    type: 'Microsoft.Insights/privateLinkScopes'
    resource: telemetryLinkName
    part: 'azuremonitor'
    zones: concat(monitorZones, [blobZone])
  }
]

// --- The network ----------------------------------------------------------------------------------------------------

resource address 'Microsoft.Network/publicIPAddresses@2025-01-01' = if (makesNat) {
  name: '${vnetName}-out'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

// A new subnet has no way out of its own; Graph and sign-in are reached by this one.
resource nat 'Microsoft.Network/natGateways@2025-01-01' = if (makesNat) {
  name: '${vnetName}-nat'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIpAddresses: [
      {
        id: address.id
      }
    ]
  }
}

resource vnet 'Microsoft.Network/virtualNetworks@2025-01-01' = if (makesNetwork) {
  name: vnetName
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        network.?addressPrefix ?? '10.20.0.0/24'
      ]
    }
    subnets: [
      {
        name: appSubnetName
        properties: {
          addressPrefix: network.?appSubnetPrefix ?? '10.20.0.0/26'
          defaultOutboundAccess: false
          natGateway: makesNat
            ? {
                id: nat.id
              }
            : null
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: endpointSubnetName
        properties: {
          addressPrefix: network.?endpointSubnetPrefix ?? '10.20.0.64/27'
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

// --- Telemetry: one private link for the workspace and Application Insights ------------------------------------------

resource telemetryLink 'Microsoft.Insights/privateLinkScopes@2021-09-01' = {
  name: telemetryLinkName
  location: 'global'
  tags: tags
  properties: {
    accessModeSettings: {
      ingestionAccessMode: 'PrivateOnly'
      queryAccessMode: (network.?logQueries ?? 'private') == 'private' ? 'PrivateOnly' : 'Open'
    }
  }
}

resource linkedWorkspace 'Microsoft.Insights/privateLinkScopes/scopedResources@2021-09-01' = {
  parent: telemetryLink
  name: workspaceName
  properties: {
    linkedResourceId: resourceId('Microsoft.OperationalInsights/workspaces', workspaceName)
  }
}

resource linkedInsights 'Microsoft.Insights/privateLinkScopes/scopedResources@2021-09-01' = {
  parent: telemetryLink
  name: insightsName
  properties: {
    linkedResourceId: resourceId('Microsoft.Insights/components', insightsName)
  }
}

// --- Endpoints, and their names -------------------------------------------------------------------------------------

resource dnsZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in makesZones ? zones : []: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource zoneLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in makesZones ? zones : []: {
    parent: dnsZones[index]
    name: 'rollcall'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: makesNetwork ? vnet.id : split(endpointSubnetId, '/subnets/')[0]
      }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-01-01' = [
  for endpoint in endpoints: {
    name: endpoint.name
    location: location
    tags: tags
    properties: {
      subnet: {
        id: endpointSubnetId
      }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: {
            privateLinkServiceId: resourceId(endpoint.type, endpoint.resource)
            groupIds: [
              endpoint.part
            ]
          }
        }
      ]
    }
    dependsOn: [
      vnet
      linkedWorkspace
      linkedInsights
    ]
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = [
  for (endpoint, index) in makesZones ? endpoints : []: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        for zone in endpoint.zones: {
          name: replace(zone, '.', '-')
          properties: {
            privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zone)
          }
        }
      ]
    }
    dependsOn: [
      dnsZones
    ]
  }
]

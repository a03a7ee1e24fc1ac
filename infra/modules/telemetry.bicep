// Logs and metrics. They take no key: sending takes a role, and so does reading.

import { Tags } from '../types.bicep'

param workspaceName string
param insightsName string
param location string
param tags Tags

@minValue(30)
@maxValue(730)
param logDays int

@description('Whether telemetry is taken from the private network only.')
param isPrivate bool

@description('Whether logs are also read from there only.')
param queriesArePrivate bool

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
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
    publicNetworkAccessForIngestion: isPrivate ? 'Disabled' : 'Enabled'
    publicNetworkAccessForQuery: queriesArePrivate ? 'Disabled' : 'Enabled'
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    publicNetworkAccessForIngestion: isPrivate ? 'Disabled' : 'Enabled'
    publicNetworkAccessForQuery: queriesArePrivate ? 'Disabled' : 'Enabled'
  }
}

// The vault: the fingerprint key, and what people put there.

import { Tags } from '../types.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags Tags

@description('Whether the vault is reached by a private endpoint only.')
param isPrivate bool

@description('Whether to take back a vault of this name that was deleted, instead of making one.')
param recover bool

// Purge protection cannot be taken back, and is meant to be: whoever loses the fingerprint key loses the comparison
// with what was sent before, and every record would be sent again. The price: for 90 days after `azd down` the name is
// taken, and a deployment of the same environment must recover the vault (scripts/preprovision.sh says so).
resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    createMode: recover ? 'recover' : 'default'
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

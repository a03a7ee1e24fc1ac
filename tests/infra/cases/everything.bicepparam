// What dev and prod leave at the usual: SFTP, one group for one source, a network that exists already, names that are
// made elsewhere, OpenTelemetry, a vault that is taken back and only read, rows in the audit trail, further jobs.
using '../../../infra/main.bicep'

param environmentName = 'everything'
param location = 'westeurope'
param resourceGroupName = 'hr-apps'
param provisioningEndpoint = 'https://graph.microsoft.com/v1.0/servicePrincipals/00000000-0000-0000-0000-00000000002a/synchronization/jobs/API2AD.00000000000000000000000000000000.00000000-0000-0000-0000-00000000002b/bulkUpload'
param furtherEndpoints = {
  contractors: 'https://graph.microsoft.com/v1.0/servicePrincipals/00000000-0000-0000-0000-00000000003a/synchronization/jobs/API2AAD.00000000000000000000000000000000.00000000-0000-0000-0000-00000000003b/bulkUpload'
}
param people = {
  sourceGroups: [
    {
      source: 'contractors'
      groupId: '00000000-0000-0000-0000-0000000000f6'
    }
  ]
  supportGroupId: '00000000-0000-0000-0000-0000000000f2'
}
param behaviour = {
  dailyCalls: '6000'
  notifyTopic: 'https://notes.westeurope-1.eventgrid.azure.net/api/events'
  digestAt: 'off'
}
param hosting = {
  pythonVersion: '3.14'
  updateStrategy: 'Recreate'
  telemetry: 'OpenTelemetry'
  furtherSettings: {
    HTTPS_PROXY: 'http://proxy.example.com:3128'
    NO_PROXY: '.core.windows.net,.vault.azure.net'
    ROLLCALL_DAILY_CALLS: '1' // which is set elsewhere
  }
}
param hrStorage = {
  sku: 'Standard_GZRS'
  inboxDays: 365
  sftpUsers: [
    {
      name: 'payroll'
      source: 'employees'
      publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA payroll'
    }
  ]
}
param vault = {
  access: 'read'
  recover: 'yes'
}
param network = {
  access: 'private'
  appSubnetId: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/spoke/subnets/functions'
  endpointSubnetId: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/spoke/subnets/links'
  dnsZones: 'elsewhere'
  logQueries: 'public'
}
param monitoring = {
  audit: 'everything'
}

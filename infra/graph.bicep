// The roles of the app's identity in Microsoft Graph, apart from everything else because whoever deploys this needs
// rights in the directory (Privileged Role Administrator, say); Owner of a subscription is not enough.
// docs/deploying.md has the same in az and in PowerShell.
extension microsoftGraphV1

@description('Object id of the app\'s managed identity: APP_PRINCIPAL_ID of the main deployment.')
@minLength(36)
@maxLength(36)
param principalId string

// Upload sends people to any API-driven provisioning app of the tenant. ProvisioningLog tells what became of them.
// Synchronization.Read lets the app say why nothing comes back (job paused, in quarantine); it works without.
var roleNames = [
  'SynchronizationData-User.Upload'
  'ProvisioningLog.Read.All'
  'Synchronization.Read.All'
]

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for roleName in roleNames: {
    appRoleId: filter(graph.appRoles, role => role.value == roleName)[0].id
    principalId: principalId
    resourceId: graph.id
  }
]

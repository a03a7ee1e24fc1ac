// A trial environment: public endpoints with roles, nothing costly. The pipeline and `az deployment sub create` take
// what differs between tenants from the environment; the snapshot is made without any of it.
using 'main.bicep'

param environmentName = 'rollcall-dev'
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param provisioningEndpoint = readEnvironmentVariable(
  'PROVISIONING_ENDPOINT',
  'https://graph.microsoft.com/v1.0/servicePrincipals/00000000-0000-0000-0000-00000000000a/synchronization/jobs/API2AAD.00000000000000000000000000000000.00000000-0000-0000-0000-00000000000b/bulkUpload'
)
param people = {
  hrGroupId: readEnvironmentVariable('HR_GROUP_ID', '00000000-0000-0000-0000-0000000000f1')
  supportGroupId: readEnvironmentVariable('SUPPORT_GROUP_ID', '')
  operatorGroupId: readEnvironmentVariable('OPERATOR_GROUP_ID', '00000000-0000-0000-0000-0000000000f3')
  deployerId: readEnvironmentVariable('AZURE_PRINCIPAL_ID', '00000000-0000-0000-0000-0000000000f4')
  deployerType: 'ServicePrincipal'
  deployerRoles: 'yes'
  signInClientId: readEnvironmentVariable('SIGN_IN_CLIENT_ID', '')
}
param behaviour = {
  dailyCalls: readEnvironmentVariable('DAILY_CALLS', '2000')
  notifyTopic: readEnvironmentVariable('NOTIFY_TOPIC', '')
}
param vault = {
  access: readEnvironmentVariable('KEY_VAULT_ACCESS', 'create')
  recover: readEnvironmentVariable('RECOVER_VAULT', 'no')
}
param monitoring = {
  alertEmails: readEnvironmentVariable('ALERT_EMAILS', '')
}
param tags = {
  purpose: 'trial'
}

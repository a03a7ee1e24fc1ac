// The environment with real people: a private network, alerts, a budget, files kept in three zones. The pipeline and
// `az deployment sub create` take what differs between tenants from the environment; the snapshot is made without any
// of it.
using 'main.bicep'

param environmentName = 'rollcall-prod'
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param provisioningEndpoint = readEnvironmentVariable(
  'PROVISIONING_ENDPOINT',
  'https://graph.microsoft.com/v1.0/servicePrincipals/00000000-0000-0000-0000-00000000001a/synchronization/jobs/API2AAD.00000000000000000000000000000000.00000000-0000-0000-0000-00000000001b/bulkUpload'
)
param people = {
  hrGroupId: readEnvironmentVariable('HR_GROUP_ID', '00000000-0000-0000-0000-0000000000f1')
  supportGroupId: readEnvironmentVariable('SUPPORT_GROUP_ID', '00000000-0000-0000-0000-0000000000f2')
  operatorGroupId: readEnvironmentVariable('OPERATOR_GROUP_ID', '00000000-0000-0000-0000-0000000000f3')
  signInClientId: readEnvironmentVariable('SIGN_IN_CLIENT_ID', '00000000-0000-0000-0000-0000000000f5')
  deployerRoles: 'no'
}
param behaviour = {
  dailyCalls: readEnvironmentVariable('DAILY_CALLS', '2000')
  notifyTopic: readEnvironmentVariable('NOTIFY_TOPIC', '')
}
param hrStorage = {
  sku: 'Standard_ZRS'
  softDeleteDays: 30
}
param vault = {
  access: readEnvironmentVariable('KEY_VAULT_ACCESS', 'create')
  recover: readEnvironmentVariable('RECOVER_VAULT', 'no')
}
param network = {
  access: 'private'
}
param monitoring = {
  alertEmails: readEnvironmentVariable('ALERT_EMAILS', 'operators@example.com')
  logDays: 90
  audit: 'files'
  monthlyBudget: 200
  budgetFrom: readEnvironmentVariable('BUDGET_FROM', '2026-12-01')
}
param tags = {
  purpose: 'production'
}

// What the parameters of main.bicep and rollcall.bicep may say. Everything in an object is optional unless it says so;
// what is left out stands at the value that rollcall.bicep names.

@export()
@description('Tags that every resource carries.')
type Tags = {
  *: string
}

@export()
@description('Further jobs: name to bulkUpload URL. A mapping file says `job: <name>`. Names are letters and digits.')
type Jobs = {
  *: string
}

@export()
@description('One source, and the one Entra group that delivers its files.')
type SourceGroup = {
  @description('Name of the source: the folder in hr-inbox.')
  @minLength(1)
  @maxLength(63)
  source: string
  @description('Object id of the group.')
  @minLength(36)
  @maxLength(36)
  groupId: string
}

@export()
@description('Who may do what. Every id is the object id of an Entra group unless it says otherwise; empty for none.')
type People = {
  @description('Delivers extracts of every source and reads what comes back.')
  hrGroupId: string?
  @description('Groups that deliver the files of one source and of no other.')
  sourceGroups: SourceGroup[]?
  @description('Looks results up in the tables.')
  supportGroupId: string?
  @description('Uploads mappings and runs the commands.')
  operatorGroupId: string?
  @description('Object id of whoever deploys, with enough data roles to drop a file and see what becomes of it.')
  deployerId: string?
  @description('What the deployer is.')
  deployerType: ('User' | 'ServicePrincipal')?
  @description('Whether the deployer gets these roles: yes for a trial, no for an environment with real people.')
  deployerRoles: ('yes' | 'no')?
  @description('Client id of the app registration that signs people in to the support page; without it, it stays shut.')
  signInClientId: string?
}

@export()
@description('What the app does: its settings, as docs/deploying.md explains them.')
type Behaviour = {
  @description('Calls in 24 hours that the licence allows: 2000 with P1 or P2, 6000 with Entra ID Governance.')
  dailyCalls: string?
  @description('The share of these calls that only requests with a leaver may use.')
  leaverReserve: string?
  @description('How long Entra may say nothing about a person before that is told, in minutes.')
  overdueMinutes: string?
  @description('Endpoint of an Event Grid topic that is told what somebody should know.')
  notifyTopic: string?
  @description('When the daily digest goes out: a time of day in UTC, or off.')
  digestAt: string?
  @description('Days for which entries of the provisioning log are kept; 0 for ever.')
  keepEventsDays: string?
  @description('Days for which extracts are kept, with their copies and plans; 0 for ever.')
  keepExtractsDays: string?
  @description('Days for which HR finds what came back; 0 for ever.')
  keepOutboxDays: string?
  @description('When the provisioning log is read (NCRONTAB, UTC).')
  logSchedule: string?
  @description('When dates, holds, releases, parked pages and notes come true (NCRONTAB, UTC); never above 15 minutes.')
  clockSchedule: string?
}

@export()
@description('How the app runs.')
type Hosting = {
  @description('Version of Python.')
  pythonVersion: ('3.11' | '3.12' | '3.13' | '3.14')?
  @description('Memory of one instance. Extracts are streamed, so a bigger file does not ask for more.')
  instanceMemoryMB: (512 | 2048 | 4096)?
  @description('Most instances at one time. Entra takes 40 calls in 5 seconds from a tenant: more would only queue.')
  @minValue(40)
  @maxValue(1000)
  maximumInstanceCount: int?
  @description('What a deployment does to running executions: `RollingUpdate` lets them end, `Recreate` stops them.')
  updateStrategy: ('RollingUpdate' | 'Recreate')?
  @description('The form in which the Functions host sends telemetry.')
  telemetry: ('ApplicationInsights' | 'OpenTelemetry')?
  @description('Further settings of the app, such as HTTPS_PROXY and NO_PROXY; no secrets, and none that is set here.')
  furtherSettings: {
    *: string
  }?
}

@export()
@description('Copies of the account with HR data. Not every region has ZRS and GZRS; GZRS copies to a second one.')
type StorageSku = 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GZRS'

@export()
@description('Somebody who delivers files by SFTP, signed in with a key pair of their own.')
type SftpUser = {
  @description('Name to sign in with, after the account\'s own: <account>.<name>.')
  @minLength(3)
  @maxLength(64)
  name: string
  @description('The source whose folder the user starts in.')
  @minLength(1)
  @maxLength(63)
  source: string
  @description('Public key in OpenSSH form, `ssh-ed25519 ...`; it is no secret.')
  @minLength(1)
  publicKey: string
}

@export()
@description('The account with HR data.')
type HrStorage = {
  sku: StorageSku?
  @description('Days for which a deleted or overwritten file with HR data can be brought back.')
  @minValue(1)
  @maxValue(365)
  softDeleteDays: int?
  @description('Days after which HR\'s own files leave hr-inbox; 0 leaves them to HR.')
  @minValue(0)
  @maxValue(36500)
  inboxDays: int?
  @description('Users of SFTP. With at least one the account gets SFTP, which is decided when it is made, for good.')
  sftpUsers: SftpUser[]?
}

@export()
@description('The vault with the fingerprint key.')
type Vault = {
  @description('What the app may do there: `create` also lets it make its own fingerprint key, `read` does not.')
  access: ('create' | 'read')?
  @description('`yes` takes back the deleted vault of an environment that was taken down less than 90 days ago.')
  recover: ('yes' | 'no')?
}

@export()
@description('`private`: nothing but the app and what is in its network reaches storage, vault and telemetry.')
type Network = {
  @description('The switch.')
  access: ('public' | 'private')?
  @description('Addresses of the network that is made, as 10.20.0.0/24.')
  addressPrefix: string?
  @description('Addresses of the subnet for the app: a /27 at least, delegated to Microsoft.App/environments.')
  appSubnetPrefix: string?
  @description('Addresses of the subnet for private endpoints: a /27 at least, as telemetry alone takes 11 or more.')
  endpointSubnetPrefix: string?
  @description('Name of the network, if the usual one does not do.')
  vnetName: string?
  @description('Name of the app\'s subnet.')
  appSubnetName: string?
  @description('Name of the subnet for private endpoints.')
  endpointSubnetName: string?
  @description('Id of a subnet that exists, in place of one that is made; then endpointSubnetId too.')
  appSubnetId: string?
  @description('Id of a subnet for private endpoints that exists, with 18 free addresses or more; then appSubnetId too.')
  endpointSubnetId: string?
  @description('`make` makes private DNS zones; `elsewhere` leaves names to your hub (Azure Policy, say).')
  dnsZones: ('make' | 'elsewhere')?
  @description('Domains of Azure Monitor in your cloud; the global ones if left out.')
  monitorZones: string[]?
  @description('`nat` gives the app an address of its own to reach Graph by; `none` where a route or firewall does.')
  egress: ('nat' | 'none')?
  @description('Who may query logs: `private` asks from the network only, `public` anybody with a role.')
  logQueries: ('private' | 'public')?
}

@export()
@description('What is watched, and who is told.')
type Monitoring = {
  @description('E-mail addresses that get alerts and the budget\'s warning, with commas between them; empty for no alerts.')
  alertEmails: string?
  @description('Days for which logs are kept. They carry ids and column names, no values of people\'s data.')
  @minValue(30)
  @maxValue(730)
  logDays: int?
  @description('Who read, wrote or removed what, in the logs: nothing, files and secrets, or rows and messages too.')
  audit: ('off' | 'files' | 'everything')?
  @description('What the group may cost in a month, in the currency of the bill; 0 for no budget.')
  @minValue(0)
  monthlyBudget: int?
  @description('First month of the budget, as 2026-12-01. It cannot be changed afterwards.')
  budgetFrom: string?
}

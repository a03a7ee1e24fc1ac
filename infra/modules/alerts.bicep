// Alerts: what somebody is waked for. Each says in its own words what to do; docs/operating.md has the same at length.
//
// The app writes a line `Note <kind>: <sentences>` into its log once for each thing that somebody should know
// (shared/notices/notes.py has the kinds; a test compares). The others watch the app from outside, so that silence is
// told too.

import { Tags } from '../types.bicep'

param actionGroupName string
param workspaceName string
param location string
param tags Tags
param emails string[]

@description('One thing that is watched.')
type Rule = {
  name: string
  @description('What has happened, as the title says it.')
  title: string
  @description('What to do; it stands in the message.')
  toDo: string
  @description('0 wakes somebody up, 1 and 2 are for the day, 3 is to be known.')
  severity: 0 | 1 | 2 | 3
  query: string
  @description('The column that an alert of its own is raised by: a column of text of the query; empty for one alert at a time.')
  by: string
  operator: 'GreaterThan' | 'LessThan'
  threshold: int
  @description('How far back it looks, as an ISO duration.')
  window: string
}

@description('What the app writes into its log as `Note <kind>: ...`.')
type Note = {
  kind: string
  severity: 0 | 1 | 2 | 3
  title: string
  toDo: string
  @description('Whether it names no source and no job, so that there is one at a time.')
  isOne: bool?
}

// What is noted once is looked for in the last quarter of an hour, every five minutes: logs may be some minutes late.
var notes Note[] = [
  {
    kind: 'job-stopped'
    severity: 1
    title: 'A provisioning job stands still'
    toDo: 'Read the note: it names the role, id or setting that is wrong, or says that the job is paused or in quarantine. Mend that, start the job in Entra, and let Rollcall go on by itself. Nothing is lost meanwhile; leavers keep access until then.'
  }
  {
    kind: 'file-refused'
    severity: 2
    title: 'A file was refused'
    toDo: 'The reason is on the support page and in hr-outbox. HR corrects the file and drops it again; if the status is failed, look into the log of the app by the id of the extract.'
  }
  {
    kind: 'file-held'
    severity: 2
    title: 'A file, or people of one, are held'
    toDo: 'Somebody who knows the company looks at the names on the support page, and releases them, or asks HR for a complete file. Leavers among them keep access until then.'
  }
  {
    kind: 'no-file'
    severity: 2
    title: 'A file is late'
    toDo: 'HR looks at the export. Dates that are known already come true without a file.'
  }
  {
    kind: 'overdue'
    severity: 1
    title: 'Entra says nothing about people'
    toDo: 'Look at the job in Entra: paused, in quarantine, or the agent down. Once it runs, whoever has no answer is sent once more.'
  }
  {
    kind: 'quota-nearly-spent'
    severity: 2
    title: 'The calls of the day are nearly spent'
    toDo: 'Nothing is lost: the rest waits, and leavers have a reserve. Look for another program on the same tenant, or for a file that changes everybody; with Entra ID Governance set DAILY_CALLS to 6000.'
  }
  {
    kind: 'everybody-skipped'
    severity: 1
    title: 'Entra skips everybody of a file'
    toDo: 'Check the scoping filter and the matching attribute of the provisioning job, and save them; Entra then looks at everybody anew.'
  }
  {
    kind: 'holds-unusable'
    severity: 1
    title: 'Nobody can be enabled, as nobody can tell who is on hold'
    toDo: 'Read the note: it says what is wrong with hr-config/holds.yaml, or with the orders. Mend it; leavers are disabled all the same, and everybody else goes on within minutes.'
    isOne: true
  }
  {
    kind: 'mapping-unusable'
    severity: 2
    title: 'The mapping of a source cannot be used'
    toDo: 'Run python -m cli doctor: it says what is wrong with the mapping in hr-config. Mend and upload it; files that were refused meanwhile are dropped again. Dates that are known, and holds, are carried out by the last one that could be used.'
  }
  {
    kind: 'ids-shared'
    severity: 2
    title: 'Two lists use the same ids for differently named people'
    toDo: 'Find out whether they are the same people. If not, no two lists may share ids: an account could be given to somebody else.'
  }
]
// An alert that has been raised is not raised again before its lines are out of sight, so a second file or job within
// half an hour would be told to nobody. Each file, source and job has an alert of its own instead: a test reads this from
// every note.
var about = '| extend About = extract(@"source .+? \\(extract [^)]+\\)|source \\S+|[Jj]ob [^\\s:.,]+", 0, Message)'
var noteRules = map(notes, note => {
  name: note.kind
  title: note.title
  toDo: note.toDo
  severity: note.severity
  query: 'AppTraces | where Message startswith "Note ${note.kind}:"${(note.?isOne ?? false) ? '' : ' ${about}'}'
  by: (note.?isOne ?? false) ? '' : 'About'
  operator: 'GreaterThan'
  threshold: 0
  window: 'PT15M'
})

var ownRules Rule[] = [
  {
    name: 'app-silent'
    title: 'The app does nothing'
    toDo: 'The function clock has not run for half an hour. Is the app stopped, or its code not deployed? Run azd deploy, then python -m cli doctor. Nobody gets or loses access until it runs.'
    severity: 1
    query: 'AppRequests | where Name == "clock" and Success == true'
    by: ''
    operator: 'LessThan'
    threshold: 1
    window: 'PT30M'
  }
  {
    name: 'app-fails'
    title: 'Functions fail again and again'
    toDo: 'Look at the exceptions in the workbook; python -m cli doctor names a role, secret or setting that is wrong. Messages are tried five times and kept.'
    severity: 1
    // Each function by itself; reporting runs six times in half an hour, and the newest run may not be in the log yet.
    query: 'AppRequests | where Success == false | summarize Failed = count() by Name | where Failed > iff(Name == "reporting", 3, 10)'
    by: 'Name'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT30M'
  }
  {
    name: 'put-aside'
    title: 'People could not be sent, again and again, and were put aside'
    toDo: 'Mend what the log says, then python -m cli redrive. The people are marked failed with the code PutAside.'
    severity: 2
    // Not the run that does it: most pages whose message failed five times come back by themselves.
    query: 'AppTraces | where Message startswith "Page " and Message has "is given up"'
    by: ''
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
  }
]
var rules Rule[] = concat(noteRules, ownRules)

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'rollcall'
    emailReceivers: [
      for (email, index) in emails: {
        name: 'email-${index + 1}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: 'rollcall-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Rollcall: ${rule.title}'
      description: rule.toDo
      enabled: true
      severity: rule.severity
      scopes: [
        workspace.id
      ]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: true
      // The tables are there only once the app has logged something.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            dimensions: empty(rule.by)
              ? []
              : [
                  {
                    name: rule.by
                    operator: 'Include'
                    values: [
                      '*'
                    ]
                  }
                ]
            failingPeriods: {
              minFailingPeriodsToAlert: 1
              numberOfEvaluationPeriods: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [
          actions.id
        ]
      }
    }
  }
]

// What the group may cost in a month, and who is told before it does. A budget warns; it stops nothing.

param name string

@minValue(1)
param monthlyAmount int

@description('First day of a month, as 2026-12-01.')
@minLength(10)
@maxLength(10)
param from string
param emails string[]

resource budget 'Microsoft.Consumption/budgets@2026-06-01' = {
  name: name
  properties: {
    category: 'Cost'
    amount: monthlyAmount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: from
    }
    notifications: {
      expected: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
        contactRoles: [
          'Owner'
        ]
      }
      spent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: emails
        contactRoles: [
          'Owner'
        ]
      }
    }
  }
}

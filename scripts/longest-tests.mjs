// The test files that take longest, the longest first: they are begun in this order, before all others. The order costs
// nothing but time when it is no longer true.
export const LONGEST = [
  'integration/kill-run-postgres',
  'sim/examples-checked',
  'sim/snapshots',
  'sim/documents',
  'sim/stored-runs',
  'integration/simulation-failure',
  'integration/kill-run',
  'integration/cli-stores',
  'sim/reference',
  'sim/event-bus-option',
  'integration/services-under-faults',
  'sim/commit-order',
  'integration/simulation-soak',
  'integration/delta-subscriptions',
  'integration/services-soak',
  'integration/example-host-under-faults',
]

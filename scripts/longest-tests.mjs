// The test files that take longest, the longest first: they are begun in this order, before all others. The order costs
// nothing but time when it is no longer true.
export const LONGEST = [
  'integration/kill-run-postgres',
  'sim/snapshots',
  'integration/services-under-faults',
  'integration/services-soak',
  'integration/kill-run',
  'sim/stored-runs',
  'integration/example-host-under-faults',
  'integration/simulation-soak',
  'sim/examples-checked',
  'sim/documents',
  'sim/examples',
  'integration/simulation-failure',
  'integration/cli-run',
  'integration/cli-stores',
  'sim/frozen',
  'sim/reference',
  'integration/example-host',
  'sim/event-bus-recovery',
  'integration/example-host-database',
  'integration/database-option',
]

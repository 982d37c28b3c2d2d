// The mirror's own entry, for browsers and other processes that only look on: nothing here needs Node or a package.
export { ERROR_CODES, type ErrorCode, PopulaceError } from './core/errors.js'
export { type AgentId, NONE } from './core/ids.js'
export type { DeltaFilter, DeltaMeasures } from './state/delta-format.js'
export { Mirror } from './state/mirror.js'
export type { MirrorTable } from './state/mirror-table.js'
export type { StateRow } from './state/row-values.js'

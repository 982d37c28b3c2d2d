// The public face of populace: what scenarios and hosts import.
export { ERROR_CODES, type ErrorCode, PopulaceError } from './core/errors.js'
export { type AgentId, NONE } from './core/ids.js'
export type { Progress } from './core/options.js'
export type { Sequence } from './core/sequence.js'
export { type Ask, defineAsk, type Status } from './memory/ask.js'
export type { AskCounts } from './memory/ask-box.js'
export { type Claim, defineClaim } from './memory/claim.js'
export type { Column, Columns, DocColumn, Effect, Json, Row, Values, View } from './memory/column-types.js'
export {
  bool,
  doc,
  enumeration,
  f32,
  f64,
  fixed,
  i8,
  i16,
  i32,
  index,
  NO_INDEX,
  ref,
  u8,
  u16,
  u32,
} from './memory/columns.js'
export type { EmittedEvent, EventCounts } from './memory/event-queue.js'
export { defineGrid, type Grid, type GridOptions } from './memory/grid.js'
export type { MailCounts } from './memory/mailbox.js'
export { defineParams, type Param, type Params, type ParamValues } from './memory/params.js'
export {
  type AnyPopulation,
  defineLattice,
  definePopulation,
  type Lattice,
  type Population,
} from './memory/population.js'
export { defineEvent, defineMessage, type Event, type Message } from './memory/record.js'
export type { Access, Cells, Matches, Rows, Runs } from './memory/sight.js'
export type { Table } from './memory/table.js'
export type { World } from './memory/world.js'
export type { Receipt } from './run/commands.js'
export type { Counters, PopulationCounts } from './run/counters.js'
export type {
  Delta,
  DeltaCounts,
  DeltaSubscription,
  StreamOptions,
  SubscribeOptions,
} from './run/delta-subscription.js'
export { type LoaderScope, registerLoader } from './run/loaders.js'
export { count, histogram, type Measure, type MeasureValues, max, mean, min, sum } from './run/measures.js'
export { type Command, defineCommand, defineScenario, type Scenario, type SetupScope } from './run/scenario.js'
export { type AskIdentity, later, type Service, type ServiceOptions, type ServiceScope } from './run/service.js'
export type { ServiceStatus } from './run/service-calls.js'
export { Simulation } from './run/simulation.js'
export type { ForkOptions, ResumeOptions, RunOptions, SimulationOptions } from './run/simulation-options.js'
export {
  BaseEngine,
  defineEngine,
  defineMainEngine,
  type EngineOptions,
  KernelEngine,
  MainEngine,
  type Recorder,
} from './schedule/engine.js'
export type {
  Answers,
  Asker,
  Birth,
  Claimer,
  Draft,
  Inbox,
  Loop,
  Outcome,
  Random,
  Scope,
  Sender,
  WakingLoop,
} from './schedule/scope.js'
export { type ChatCall, ChatCompletions, type ChatUsage } from './services/chat-completions.js'
export type { ChatCompletionsOptions, ChatMessage } from './services/chat-completions-options.js'
export { ChatError } from './services/chat-error.js'
export { DatabaseError } from './services/database-error.js'
export type {
  CallOptions,
  DatabasePoolOptions,
  MigrationOptions,
  TransactionOptions,
} from './services/database-options.js'
export { DatabasePool, type DatabasePoolStatus, type PoolState } from './services/database-pool.js'
export type { DatabaseSession } from './services/database-session.js'
export type { DatabaseTransaction } from './services/database-transaction.js'
export { type MigrationState, migrateDown, migrateUp, migrationStatus } from './services/migrations.js'
export type { StateRow } from './state/row-values.js'
export { StateSnapshot } from './state/snapshot.js'
export type { StateTable } from './state/state-table.js'
export { type StateDiff, WorldState } from './state/world-state.js'

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
export { getMetricsCollector, MetricsCollector } from './observe/metrics-collector.js'
export type {
  HistogramOptions,
  MetricOptions,
  MetricsOptions,
  MetricsServerOptions,
} from './observe/metrics-options.js'
export { MetricsServer } from './observe/metrics-server.js'
export type { MetricLabels, OwnCounter, OwnGauge, OwnHistogram } from './observe/own-metrics.js'
export type { BusCounts } from './run/bus-events.js'
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
export { openStore } from './run/open-store.js'
export { type ReplayOptions, type ReplayReport, replayRun } from './run/replay.js'
export type { RunLimits } from './run/run-limits.js'
export { type Command, defineCommand, defineScenario, type Scenario, type SetupScope } from './run/scenario.js'
export { type AskIdentity, later, type Service, type ServiceOptions, type ServiceScope } from './run/service.js'
export type { ServiceStatus } from './run/service-calls.js'
export { Simulation } from './run/simulation.js'
export type { AdjustableLimits, ExactPolicy, SimulationLimits } from './run/simulation-limits.js'
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
export type { Backoff, Jitter } from './services/backoff.js'
export { BatchError } from './services/batch-error.js'
export type {
  BatchProcessorOptions,
  BatchProgress,
  ErrorPolicy,
  ItemContext,
  ParallelOptions,
  ProcessBatchOptions,
  StreamMapOptions,
} from './services/batch-options.js'
export { BatchProcessor, type BatchProcessorStatus, type BatchResult } from './services/batch-processor.js'
export { Budget, type BudgetAmountStatus, type BudgetStatus, type Reservation } from './services/budget.js'
export type { BudgetAmount, BudgetOptions, BudgetState } from './services/budget-options.js'
export type { ComputeOptions, InvalidateOptions, RedisCacheOptions, SaveOptions } from './services/cache-options.js'
export { type ChatCall, ChatCompletions, type ChatUsage } from './services/chat-completions.js'
export type { ChatCompletionsOptions, ChatMessage } from './services/chat-completions-options.js'
export { ChatError } from './services/chat-error.js'
export { chunk } from './services/chunk.js'
export {
  CircuitBreaker,
  type CircuitBreakerStatus,
  type CircuitChange,
  type CircuitReason,
} from './services/circuit-breaker.js'
export type { CircuitBreakerOptions, CircuitBreakerState, CircuitState } from './services/circuit-breaker-options.js'
export { type Config, type ConfigOptions, loadConfig, type PortOptions } from './services/configuration.js'
export type { Cost } from './services/cost.js'
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
export type { DeadLetter } from './services/dead-letters.js'
export { type Policy, type PolicyCall, timeout, type Work, type WorkContext } from './services/deadline.js'
export { EventBus, type EventBusState, type EventBusStats } from './services/event-bus.js'
export type {
  BusDrainOptions,
  BusLogger,
  BusStopOptions,
  EventBusOptions,
  EventSubscribeOptions,
  PublishOptions,
} from './services/event-bus-options.js'
export type { BusEvent, EventHandler, Subscription } from './services/event-subscription.js'
export type { Items } from './services/item-source.js'
export type { LatencySummary } from './services/latencies.js'
export {
  type MigrationState,
  migrateDown,
  migrateUp,
  migrationStatus,
} from './services/migrations.js'
export { type MapOutcome, type Mapper, parallelMap } from './services/parallel-map.js'
export { parallelStream } from './services/parallel-stream.js'
export type { ProcessSample, Sampler } from './services/process-sample.js'
export { RateLimiter, type RateLimiterStatus } from './services/rate-limiter.js'
export type {
  AcquireOptions,
  BucketOptions,
  RateLimiterOptions,
  RateLimiterState,
} from './services/rate-limiter-options.js'
export { RedisCache, type RedisCacheStatus } from './services/redis-cache.js'
export {
  LimitError,
  type LimitReached,
  type LimitVerdict,
  ResourceLimiter,
  type ResourceLimiterStatus,
  type ResourceUsage,
  type TickCount,
} from './services/resource-limiter.js'
export type { LimitName, LimitPolicy, ResourceLimiterOptions, TickKind } from './services/resource-options.js'
export { retry } from './services/retry.js'
export { parseRetryAfter, retryAfterOf } from './services/retry-after.js'
export type { FailedAttempt, RetryOptions } from './services/retry-options.js'
export { ServiceError } from './services/service-error.js'
export {
  compose,
  type Guarded,
  type GuardedContext,
  type GuardedWork,
  ServiceGuard,
  type ServiceGuardStatus,
} from './services/service-guard.js'
export type { GuardedCall, ServiceGuardOptions, ServiceGuardState } from './services/service-guard-options.js'
export type { TaskContext } from './services/task-call.js'
export type {
  EnqueueOptions,
  TaskFunction,
  TaskQueueOptions,
  TaskRunOptions,
  TaskScheduleOptions,
  TaskStopOptions,
  TaskWaitOptions,
} from './services/task-options.js'
export { TaskQueue, type TaskQueueState, type TaskQueueStats } from './services/task-queue.js'
export type { TaskState, TaskStatus } from './services/task-record.js'
export type { TaskSchedule } from './services/task-schedule.js'
export { type ColumnDifference, type Comparison, compareRuns, type StoredRunName } from './state/compare.js'
export type { StateRow } from './state/row-values.js'
export { StateSnapshot } from './state/snapshot.js'
export type { StateTable } from './state/state-table.js'
export type { CheckpointRecord, JournalRecord, RunRecord, RunWriter, StateStore } from './state/store.js'
export { type StateDiff, WorldState } from './state/world-state.js'

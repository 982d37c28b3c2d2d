// PopulaceError and the catalogue of its codes. docs/errors.md has a row for each; a test holds both together.

/** Every code a user can meet, with what it means in one line. */
export const ERROR_CODES = {
  ABORTED: 'A run, a wait, or a call to a database, was ended by its AbortSignal.',
  ARENA_TOO_LARGE: 'The columns of a world at their declared capacities exceed what one memory can address.',
  CAPACITY_EXCEEDED: 'A population, its frames or the table of partitions is full.',
  CHECKPOINT_UNKNOWN: 'A run has no checkpoint at that tick, or none at all.',
  CHECK_FAILED: 'Checks mode found a kernel that breaks the rules of a tick.',
  CLAIM_INVALID: 'A claim is declared wrongly, or its row or rank is wrong.',
  CLAIM_TWICE: 'One agent made one claim twice in a turn.',
  COLUMN_INVALID: 'A column is declared wrongly.',
  COLUMN_UNKNOWN: 'A column is named that its population does not have.',
  COMMAND_UNKNOWN: 'A command is sent that the scenario does not define.',
  COMMAND_INVALID: 'The payload of a command is not plain data, or too many commands wait.',
  CYCLE: 'Engines depend on each other in a circle.',
  DELTA_FOREIGN: 'A delta of another run or filter was given to a mirror.',
  DELTA_GAP: 'A delta does not follow what the mirror holds.',
  DELTA_INVALID: 'A delta is damaged, cut short, or none at all.',
  DELTA_VERSION: 'A delta was written by a version that this one cannot read.',
  DIFF_BASE: 'A diff was applied to another state than the one it was made from.',
  DATABASE_BUSY: 'As many calls as maxWaiting allows wait for a connection already.',
  DATABASE_CLOSED: 'A database pool was used after close, or a session or transaction after its end.',
  DATABASE_FAILED: 'The database refused a statement; its SQLSTATE is in sqlState.',
  DATABASE_LOST: 'The connection to the database was lost in the middle of a call.',
  DATABASE_NOT_READY: 'A database pool was used before initialize, or initialized twice.',
  DATABASE_TIMEOUT: 'A call to a database took longer than its limit.',
  DATABASE_UNAVAILABLE: 'No connection to the database can be made.',
  DATABASE_VALUE_INVALID: 'A value given to a database does not fit its column or parameter.',
  DOCUMENT_INVALID: 'A document is not plain data, or is given to a row where nobody lives.',
  DOCUMENT_TOO_LARGE: 'A document has more than 65,536 bytes.',
  DOCUMENTS_FULL:
    'The documents of a population have more bytes than its documentBytes, or so much was written at once.',
  DUPLICATE_NAME: 'Two things of one kind have the same name, or two engine names the same 32-bit hash.',
  EFFECT_INVALID: 'An effect is declared on a column that has none, or its value or target is wrong.',
  EFFECT_OUT_OF_RANGE: 'After its effects a column holds a value that its type cannot.',
  ENGINE_FAILED: 'A kernel, main engine, measure or until threw.',
  ENGINE_INVALID: 'An engine is declared wrongly.',
  EVENT_INVALID: 'An event is declared wrongly, or holds what its columns cannot.',
  FORBIDDEN_CALL: 'Code that must be deterministic used a clock or an unseeded random number.',
  GENERATIONS_SPENT: 'Every slot of a population is retired.',
  GRID_INVALID: 'A grid is declared wrongly, or its sides and cells do not go together.',
  JOURNAL_INVALID: 'The journal of a run has an entry that is damaged, out of order or of another version.',
  LISTENER_FAILED: 'A listener of the host threw.',
  LOADER_FAILED: 'The loader of a partition threw.',
  LOADER_INVALID: 'A loader is registered wrongly, or does what loaders may not.',
  MEASURE_INVALID: 'A measure is declared wrongly.',
  MEMORY_BUDGET: 'What ticks needs more memory than the budget allows.',
  MESSAGE_INVALID: 'A message is declared wrongly, or is sent to what is no agent.',
  MIGRATION_FAILED: 'A migration of a database could not be applied; nothing of it was.',
  MIGRATION_INVALID: 'Migrations are not what was applied to the database, or their files are named wrongly.',
  NAME_INVALID: 'A name is empty, too long, or one that views use themselves.',
  OPTION_INVALID: 'An option has a wrong type or is out of its bounds.',
  OPTION_UNKNOWN: 'An option is named that does not exist.',
  OUTPUT_FAILED: 'A file of results could not be written to its end.',
  OUTPUT_ROW: 'A kernel put something out for a row that is not being stepped.',
  PARAM_INVALID: 'A parameter has a wrong type, is NaN or is out of its bounds.',
  PARAM_UNKNOWN: 'A parameter is named that the scenario does not define.',
  PARTITION_ACTIVE: 'An active partition was to leave memory.',
  PARTITION_FROZEN: 'Something of a frozen partition was to be changed.',
  PARTITION_PINNED:
    'A partition was to freeze in which a permanent population lives, or to leave memory though pinned.',
  PARTITION_UNKNOWN: 'A partition is named that the world does not have.',
  PERMANENT: 'A permanent population was asked to gain or lose agents after setup.',
  POPULATION_UNKNOWN: 'A population is used that the scenario does not list.',
  POSITION_INVALID: 'A position is not a number, is infinite, or lies outside of a torus.',
  RADIUS_INVALID: 'A search in a grid asks for more than its cells reach.',
  RANDOM_BOUND: 'A random number was asked for with an impossible bound.',
  RANDOM_ROW: 'A random number was drawn for a row that is not being stepped.',
  RECORD_INVALID: 'record() was used wrongly, or its work gave something that cannot be journaled.',
  SCENARIO_INVALID: 'A scenario is declared wrongly.',
  SCENARIO_NOT_LOADABLE: 'A scenario module cannot be found, throws on import or exports nothing usable.',
  SETUP_FAILED: 'The setup of a scenario threw.',
  SIM_CLOSED: 'A simulation was used after close.',
  SIM_FAILED: 'A simulation was used after it had failed; the first error is the cause.',
  SIM_RUNNING: 'Something was asked for that can only be done between runs.',
  SNAPSHOT_INVALID: 'A snapshot or diff is damaged, cut short, or none at all.',
  SNAPSHOT_SCHEMA: 'A snapshot is of a scenario whose declarations do not go with these.',
  SNAPSHOT_VERSION: 'A snapshot or diff was written by a version that this one cannot read.',
  STORE_CLOSED: 'A store was used after close.',
  STORE_FAILED: 'A store could not read or write; what it held before is whole.',
  STORE_INVALID: 'A store is named by an address that is none, or an option of it is wrong.',
  STORE_LEASE_LOST: 'Another process has taken over the run that this one was writing.',
  STORE_RUN_BUSY: 'Another process is writing the run.',
  STORE_RUN_EXISTS: 'A run of that name is in the store already.',
  STORE_RUN_UNKNOWN: 'Something is to be added to a run that is not in the store.',
  STORE_UNAVAILABLE: 'A store cannot be opened or reached.',
  SUBSCRIBER_SLOW: 'A subscription to deltas was closed because its queue was full.',
  TICK_TIMEOUT: 'A tick took longer than limits.tickTimeoutMs.',
  TOO_MANY_DRAWS: 'One agent drew more than 2,048 random numbers in one engine and tick.',
  USAGE: 'A command line is wrong.',
  VALUE_INVALID: 'A value given to the world does not fit its column.',
  WORKER_DIED: 'A worker thread ended or ran out of memory in the middle of its work.',
  WORLD_READ_ONLY: 'The world was changed where it may only be read.',
  BATCH_FAILED: 'An item or batch could not be processed.',
  BUDGET_SPENT: 'A call costs more than is left of a budget.',
  CALL_TIMEOUT: 'A call took longer than its deadline.',
  CIRCUIT_OPEN: 'A circuit breaker refused a call, because calls before it failed.',
  RATE_BUSY: 'As many calls as maxWaiting allows wait for a rate limiter already.',
  RATE_COST: 'A call costs more than a rate limiter can ever hold.',
  RATE_TIMEOUT: 'A call waited for a rate limiter longer than its limit.',
  SERVICE_BUSY: 'As many calls of a service as maxInFlight allows are under way already.',
  CACHE_BUSY: 'More calls of a cache are on their way than it lets.',
  CACHE_CLOSED: 'A cache was used after close.',
  CACHE_FAILED: 'The server of a cache refused a command, or holds what no cache has saved.',
  CACHE_KEY_INVALID: 'A key or pattern of a cache is none.',
  CACHE_NOT_READY: 'A cache was used before connect.',
  CACHE_TIMEOUT: 'A call of a cache, or a computation for it, took longer than it may.',
  CACHE_UNAVAILABLE: 'The server of a cache cannot be reached.',
  CACHE_VALUE_INVALID: 'A value is none that a cache can keep.',
  CONFIG_INVALID: 'An environment variable of the configuration is unknown or does not say what it should.',
  LIMIT_EXCEEDED: 'A limit of a ResourceLimiter was reached whose policy is to throw.',
  LIMIT_NOTE_INVALID: 'A ResourceLimiter was told of something that it does not count, or of an impossible number.',
  LIMIT_NOT_MEASURED: 'The memory and CPU of the process could not be measured.',
  METRIC_INVALID: 'A metric is declared or used wrongly.',
  METRICS_UNAVAILABLE: 'The address at which metrics are to be served cannot be had.',
  EVENT_BUS_FULL: 'An event bus has as many subscriptions as it may have.',
  EVENT_BUS_NOT_STARTED: 'An event bus was drained before start, or started twice.',
  EVENT_BUS_STOPPED: 'An event bus was used after stop.',
  EVENT_TIMEOUT: 'A handler, or the draining or stopping, of an event bus took longer than its limit.',
  TASK_CANCELLED: 'A task was cancelled.',
  TASK_CRASHED: 'A task ended its thread, or used more memory than it may.',
  TASK_DEPENDENCY: 'A task was not run because one that it depends on failed or was cancelled.',
  TASK_FAILED: 'A task threw, or gave something that cannot cross a thread.',
  TASK_INVALID: 'A task names no exported function of a module, or its arguments cannot cross a thread.',
  TASK_QUEUE_FULL: 'As many tasks, or recurring tasks, as a task queue may hold are waiting already.',
  TASK_QUEUE_NOT_STARTED: 'A task queue was drained before start, or started twice.',
  TASK_QUEUE_STOPPED: 'A task queue was used after stop.',
  TASK_TIMEOUT: 'A task, or a wait for one, took longer than its limit.',
  TASK_UNKNOWN: 'A task is named that was never enqueued, or whose result is no longer kept.',
  TOPIC_INVALID: 'A topic or a pattern of topics is none.',
  ASK_INVALID: 'An ask is declared wrongly.',
  CHAT_BUSY: 'A chat server has no time for a request now.',
  CHAT_FAILED: 'A chat server cannot be reached, or refused a request.',
  CHAT_INVALID: 'A chat server sent what is no answer, or none that its schema describes.',
  CHAT_TIMEOUT: 'A chat server took longer than timeoutMs.',
  SERVICE_MISSING: 'Agents ask a service that nobody gives.',
  SERVICE_UNKNOWN: 'A service is given that nothing in the scenario asks.',
} as const

/** One of the stable codes. */
export type ErrorCode = keyof typeof ERROR_CODES

/** Every error that a user can cause: a stable code, what happened to what, and what to do. */
export class PopulaceError extends Error {
  override readonly name = 'PopulaceError'
  readonly code: ErrorCode
  readonly remedy: string

  /** @param what - what happened and to what, one sentence without a closing full stop. @param remedy - what to do. */
  constructor(code: ErrorCode, what: string, remedy: string, cause?: unknown) {
    super(`${what}. ${remedy}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.remedy = remedy
  }
}

/** Says where an error came about, for one thrown below where that is known; gives the same error. */
export function locate(error: PopulaceError, where: string): PopulaceError {
  error.message = `${error.message} In ${where}.`
  return error
}

/** An error as plain data, to cross a thread. */
export interface ErrorData {
  readonly code?: ErrorCode
  readonly message: string
  readonly remedy?: string
  readonly stack?: string
  readonly name: string
}

/** Takes an error apart, to cross a thread. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof PopulaceError) {
    return { code: error.code, message: error.message, remedy: error.remedy, stack: error.stack, name: error.name }
  }
  if (error instanceof Error) return { message: error.message, stack: error.stack, name: error.name }
  return { message: String(error), name: 'Error' }
}

/** Puts an error back together on this side of a thread. */
export function fromErrorData(data: ErrorData): Error {
  if (data.code === undefined) {
    const error = new Error(data.message)
    error.name = data.name
    if (data.stack !== undefined) error.stack = data.stack
    return error
  }
  const error = new PopulaceError(data.code, '', data.remedy ?? '')
  error.message = data.message
  if (data.stack !== undefined) error.stack = data.stack
  return error
}

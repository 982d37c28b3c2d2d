// Options of the public entry points: checked once, at the edge, by schemas; inner code sees resolved ones.
// Unknown keys are refused by name with the nearest known one.
import { z } from 'zod'
import {
  CHECKPOINT_TICKS,
  DELTA_QUEUE,
  KEEP_CHECKPOINTS,
  MAX_DEADLINE_MS,
  MAX_DELTA_QUEUE,
  MAX_HERTZ,
  MAX_NAME_LENGTH,
  MAX_SEED,
  MAX_SERVICE_CALLS,
  MAX_WORKERS,
  SERVICE_CALLS,
  SERVICE_TIMEOUT_MS,
} from './limits.js'
import { check } from './option-check.js'

const count = (least: number, most: number) => z.number().int().min(least).max(most)

/** Where a host is told of what it should know and need not act on. */
export interface Logger {
  warn(message: string): void
}

/** Who collects metrics of a simulation: a collector (of which this is what may be known here), that of the process, or nobody. */
export type Metered = boolean | { attach(name: string, source: never): () => void }

function isMetered(given: unknown): boolean {
  return typeof given === 'boolean' || typeof (given as { attach?: unknown } | null)?.attach === 'function'
}

/** Whether something has methods of these names: classes of services may not be known here. */
const having =
  (...methods: string[]) =>
  (given: unknown) =>
    methods.every(method => typeof (given as Record<string, unknown> | null)?.[method] === 'function')

const amount = count(0, Number.MAX_SAFE_INTEGER).optional()
// What is counted exactly cannot be slowed down to less: the next tick would be the same one, only later.
const exact = z.enum(['throw', 'pause'])
const sampled = z.enum(['throw', 'throttle', 'pause'])

/** Limits that can be changed while a run goes on. */
const adjustable = {
  maxAgents: z
    .union([count(0, Number.MAX_SAFE_INTEGER), z.record(z.string(), count(0, Number.MAX_SAFE_INTEGER))])
    .optional(),
  perTick: z.strictObject({ births: amount, messages: amount, events: amount, asks: amount }).optional(),
  maxProcessMemoryMb: z.number().positive().optional(),
  maxCpuPercent: z.number().positive().optional(),
  policy: exact.optional(),
  policies: z
    .strictObject({
      memory: sampled.optional(),
      cpu: sampled.optional(),
      agents: exact.optional(),
      births: exact.optional(),
      messages: exact.optional(),
      events: exact.optional(),
      asks: exact.optional(),
    })
    .optional(),
}
const limits = z.strictObject(adjustable)

/** What create, resume and fork have in common. */
const crew = {
  workers: z.union([z.literal('auto'), count(0, MAX_WORKERS)]).default('auto'),
  checks: z.boolean().default(false),
  limits: z
    .strictObject({
      tickTimeoutMs: z.number().positive().optional(),
      residentFrames: count(1, Number.MAX_SAFE_INTEGER).optional(),
      maxMemoryMb: z.number().positive().optional(),
      ...adjustable,
    })
    .default({}),
  run: z.string().min(1).max(MAX_NAME_LENGTH).optional(),
  checkpoint: z
    .strictObject({
      everyTicks: count(1, Number.MAX_SAFE_INTEGER).default(CHECKPOINT_TICKS),
      inMemory: z.boolean().default(false),
      keepLast: count(1, Number.MAX_SAFE_INTEGER).default(KEEP_CHECKPOINTS),
      keepEveryTicks: count(1, Number.MAX_SAFE_INTEGER).optional(),
    })
    .optional(),
  metrics: z.custom<Metered>(isMetered, 'expected true, or a MetricsCollector').optional(),
  services: z.record(z.string(), z.unknown()).default({}), // each by itself, when the scenario's are known: resolveService
  eventBus: z.custom<object>(having('publish', 'subscribe'), 'expected an EventBus').optional(),
  database: z.custom<object>(having('getSession', 'transaction', 'status'), 'expected a DatabasePool').optional(),
  cache: z.custom<object>(having('getOrCompute', 'status'), 'expected a RedisCache').optional(),
  tasks: z
    .custom<object>(having('enqueue', 'getResult', 'getStatus', 'getStats', 'cancel'), 'expected a TaskQueue')
    .optional(),
  logger: z.custom<Logger>(l => typeof (l as Partial<Logger>)?.warn === 'function', 'expected { warn }').optional(),
}

const callable = z.custom<(...args: never[]) => unknown>(f => typeof f === 'function', 'expected a function')

/** A service that is called, and one that answers after a number of ticks. */
const service = z.strictObject({
  ask: callable,
  maxConcurrent: count(1, MAX_SERVICE_CALLS).default(SERVICE_CALLS),
  timeoutMs: z.number().positive().max(MAX_DEADLINE_MS).default(SERVICE_TIMEOUT_MS),
})
const tickService = z.strictObject({ ticks: count(1, Number.MAX_SAFE_INTEGER), answer: callable })

/** Options of Simulation.create. */
const simulation = z.strictObject({
  ...crew,
  seed: count(0, MAX_SEED).default(0),
  params: z.record(z.string(), z.unknown()).default({}),
  store: z.string().optional(),
})

/** Options of Simulation.resume, and of Simulation.fork, which has `as` too. */
const resume = z.strictObject({
  ...crew,
  store: z.string(),
  tick: count(0, Number.MAX_SAFE_INTEGER).optional(),
  strict: z.boolean().default(false),
  as: z.string().min(1).max(MAX_NAME_LENGTH).optional(),
})

/** Options of sim.run. */
const run = z.strictObject({
  ticks: count(0, Number.MAX_SAFE_INTEGER),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: z.custom<(p: Progress) => void>(f => typeof f === 'function', 'expected a function').optional(),
})

/** Options of sim.start. */
const start = z.strictObject({
  hz: z.number().positive().max(MAX_HERTZ),
  overload: z.enum(['slow', 'skip', 'shed']).default('slow'),
})

/** What a stream of deltas is of. */
const stream = {
  populations: z.array(z.string()).optional(),
  columns: z.array(z.string()).optional(),
  partitions: z.array(z.string()).optional(),
  every: count(1, Number.MAX_SAFE_INTEGER).default(1),
  keyframeEvery: count(1, Number.MAX_SAFE_INTEGER).optional(),
  measures: z.boolean().default(false),
}

/** Options of sim.on('delta'). */
const listen = z.strictObject(stream)

/** Options of sim.subscribe. */
const subscribe = z.strictObject({
  ...stream,
  backpressure: z.enum(['merge', 'keyframe', 'close']).default('merge'),
  maxQueue: count(1, MAX_DELTA_QUEUE).default(DELTA_QUEUE),
})

/** How far a run is. */
export interface Progress {
  /** Ticks done since the world began. */
  readonly tick: number
  /** Ticks of this run: done when tick has grown by as many. */
  readonly ticks: number
  readonly ticksPerSecond: number
}

export type ResolvedSimulationOptions = z.infer<typeof simulation>
export type ResolvedResumeOptions = z.infer<typeof resume>
export type ResolvedRunOptions = z.infer<typeof run>
export type ResolvedStartOptions = z.infer<typeof start>
export type ResolvedStreamOptions = z.infer<typeof listen>
export type ResolvedSubscribeOptions = z.infer<typeof subscribe>

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveSimulationOptions(given: unknown): ResolvedSimulationOptions {
  return check(simulation, given ?? {}, 'Simulation.create')
}

/** `what`: Simulation.resume or Simulation.fork. OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveResumeOptions(given: unknown, what: string): ResolvedResumeOptions {
  return check(resume, given ?? {}, what)
}

/** A service as a host gives it or a scenario names it. OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveService(name: string, given: unknown): z.infer<typeof service> | z.infer<typeof tickService> {
  const what = `service '${name}'`
  if (typeof given === 'object' && given !== null && 'ticks' in given) return check(tickService, given, what)
  return check(service, typeof given === 'function' ? { ask: given } : given, what)
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveLimits(given: unknown): z.infer<typeof limits> {
  return check(limits, given, 'sim.limits.set')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveRunOptions(given: unknown): ResolvedRunOptions {
  return check(run, given, 'sim.run')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveStartOptions(given: unknown): ResolvedStartOptions {
  return check(start, given, 'sim.start')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveStreamOptions(given: unknown): ResolvedStreamOptions {
  return check(listen, given ?? {}, "sim.on('delta')")
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveSubscribeOptions(given: unknown): ResolvedSubscribeOptions {
  return check(subscribe, given ?? {}, 'sim.subscribe')
}

// The metrics of a simulation, as a table: what each is, and its lines from a simulation's figures. docs/metrics.md has a
// row for each; a test holds both together. The label `simulation` is added by the collector.
import {
  histogramLines,
  type LabelSet,
  line,
  type MetricDefinition,
  type MetricLine,
  type MetricType,
} from './metric-lines.js'
import type { CheckpointFigures, SimulationFigures } from './simulation-figures.js'

/** A metric, and what it comes to. */
export interface SimulationMetric extends MetricDefinition {
  lines(figures: SimulationFigures): readonly MetricLine[]
}

type Lines = (figures: SimulationFigures) => readonly MetricLine[]

const metric =
  (type: MetricType) =>
  (name: string, unit: string, labels: readonly string[], help: string, lines: Lines): SimulationMetric => ({
    ...{ name: `populace_${name}`, type, unit, help, lines },
    labels: ['simulation', ...labels],
  })
const counter = metric('counter')
const gauge = metric('gauge')

/** A number for each of several things. */
function each<T>(
  of: (f: SimulationFigures) => readonly T[],
  labels: (one: T, i: number) => LabelSet,
  value: (one: T) => number,
) {
  return (figures: SimulationFigures) => of(figures).map((one, i) => line(value(one), labels(one, i)))
}

/** One of several numbers of one thing, told apart by a label. */
function kinds(label: string, values: Readonly<Record<string, number>>, labels: LabelSet = {}): MetricLine[] {
  return Object.entries(values).map(([kind, value]) => line(value, { ...labels, [label]: kind }))
}

/** Of checkpoints, where there are any. */
const ofCheckpoints =
  (value: (c: CheckpointFigures) => number) =>
  ({ checkpoints }: SimulationFigures) =>
    checkpoints ? [line(value(checkpoints))] : []

const threads = (f: SimulationFigures) => f.threads
const engines = (f: SimulationFigures) => f.engines
const populations = (f: SimulationFigures) => f.populations
const named =
  (label: string) =>
  ({ name }: { readonly name: string }): LabelSet => ({ [label]: name })
const numbered = (_: unknown, i: number): LabelSet => ({ thread: String(i) })

function histogram(
  name: string,
  labels: readonly string[],
  help: string,
  lines: (name: string) => Lines,
): SimulationMetric {
  return metric('histogram')(name, 'seconds', labels, help, lines(`populace_${name}`))
}

function measureLines({ measures }: SimulationFigures): MetricLine[] {
  return Object.entries(measures).flatMap(([measure, value]) =>
    typeof value === 'number'
      ? [line(value, { measure })]
      : value.map((n, bin) => line(n, { measure, bin: String(bin) })),
  )
}

const ticks = [
  gauge('simulation_state', '1 or 0', ['state'], 'Whether a simulation is idle, running or failed.', ({ state }) =>
    kinds('state', { idle: +(state === 'idle'), running: +(state === 'running'), failed: +(state === 'failed') }),
  ),
  gauge('tick', 'ticks', [], 'Ticks done since the world began.', f => [line(f.tick)]),
  counter('ticks_total', 'ticks', [], 'Ticks stepped.', f => [line(f.steppedTicks)]),
  histogram(
    'tick_duration_seconds',
    [],
    'Time from the beginning of a tick to its end.',
    name => f => histogramLines(name, f.tickDurations),
  ),
  histogram(
    'engine_duration_seconds',
    ['engine'],
    'Time of an engine in a tick, on the thread that took longest.',
    name => f => f.engines.flatMap(engine => histogramLines(name, engine.durations, { engine: engine.name })),
  ),
  gauge(
    'engine_shed_level',
    'level',
    ['engine'],
    'An engine has 2^level times fewer turns than its weight says.',
    each(engines, named('engine'), e => e.shedLevel),
  ),
  counter(
    'thread_busy_seconds_total',
    'seconds',
    ['thread', 'work'],
    'Time that a thread of the crew has worked: in kernels, and in all else.',
    f => f.threads.flatMap(({ kernels, exchange }, i) => kinds('work', { kernels, exchange }, { thread: String(i) })),
  ),
  counter(
    'barrier_wait_seconds_total',
    'seconds',
    ['thread'],
    'Time that a thread of the crew has waited for the others.',
    each(threads, numbered, t => t.waiting),
  ),
  histogram(
    'worker_skew_seconds',
    [],
    'By how much the busiest thread of a tick worked longer than the least busy one.',
    name => f => histogramLines(name, f.skews),
  ),
]

const world = [
  gauge('agents', 'agents', ['population', 'state'], 'Agents alive: active, or in frozen partitions.', f =>
    f.populations.flatMap(({ name, active, frozen }) => kinds('state', { active, frozen }, { population: name })),
  ),
  gauge(
    'agents_capacity',
    'agents',
    ['population'],
    'Agents that a population has room for, unless it is permanent.',
    f => f.populations.flatMap(p => (p.capacity === undefined ? [] : [line(p.capacity, { population: p.name })])),
  ),
  counter(
    'births_total',
    'agents',
    ['population'],
    'Agents born, in setup too.',
    each(populations, named('population'), p => p.born),
  ),
  counter(
    'deaths_total',
    'agents',
    ['population'],
    'Agents that died.',
    each(populations, named('population'), p => p.died),
  ),
  counter(
    'moves_total',
    'agents',
    ['population'],
    'Moves of agents to another partition.',
    each(populations, named('population'), p => p.moved),
  ),
  counter('refusals_total', 'refusals', ['population', 'of'], 'Births and moves refused for want of room.', f =>
    f.populations.flatMap(p => kinds('of', { birth: p.refusedBirths, move: p.refusedMoves }, { population: p.name })),
  ),
  counter('messages_total', 'messages', ['message', 'outcome'], 'Messages sent, and what became of them.', f =>
    f.messages.flatMap(({ name, sent, delivered, dropped, refused }) =>
      kinds('outcome', { sent, delivered, dropped, refused }, { message: name }),
    ),
  ),
  gauge(
    'messages_waiting',
    'messages',
    ['message'],
    'Messages that wait in the mailbox.',
    each(
      f => f.messages,
      named('message'),
      m => m.waiting,
    ),
  ),
  counter('asks_total', 'asks', ['ask', 'outcome'], 'Asks, and what became of them.', f =>
    f.asks.flatMap(({ name, asked, ok, late, failed, refused, dropped }) =>
      kinds('outcome', { asked, ok, late, failed, refused, dropped }, { ask: name }),
    ),
  ),
  gauge('asks_waiting', 'asks', ['ask', 'state'], 'Asks that are open, or answered and not heard yet.', f =>
    f.asks.flatMap(({ name, open, waiting }) => kinds('state', { open, answered: waiting }, { ask: name })),
  ),
  counter('emitted_events_total', 'events', ['event'], 'Events that kernels emitted.', f => kinds('event', f.events)),
  counter('refused_events_total', 'events', [], 'Events beyond what one tick may emit.', f => [line(f.refusedEvents)]),
  gauge('partitions', 'partitions', ['state'], 'Partitions: active, frozen in memory, stored, or never loaded.', f =>
    kinds('state', { ...f.partitions }),
  ),
  gauge('commands_waiting', 'commands', [], 'Commands that wait for their tick.', f => [line(f.commandsWaiting)]),
  gauge(
    'measure',
    'as declared',
    ['measure', 'bin'],
    'What the measures of the scenario came to when they were last taken.',
    measureLines,
  ),
]

const outside = [
  gauge(
    'checkpoint_tick',
    'ticks',
    [],
    'Ticks done of the state in the newest checkpoint.',
    ofCheckpoints(c => c.tick),
  ),
  counter(
    'checkpoints_total',
    'checkpoints',
    [],
    'Checkpoints taken.',
    ofCheckpoints(c => c.taken),
  ),
  counter(
    'checkpoint_bytes_total',
    'bytes',
    [],
    'Bytes of checkpoints as they are stored.',
    ofCheckpoints(c => c.bytes),
  ),
  counter(
    'checkpoint_hold_seconds_total',
    'seconds',
    [],
    'Time that runs were held up for checkpoints.',
    ofCheckpoints(c => c.held),
  ),
  counter(
    'checkpoint_write_seconds_total',
    'seconds',
    [],
    'Time of coding and writing checkpoints, beside the ticks.',
    ofCheckpoints(c => c.written),
  ),
  counter(
    'recoveries_total',
    'recoveries',
    [],
    'Times that the world was put back to a checkpoint after a failure.',
    ofCheckpoints(c => c.recoveries),
  ),
  counter('deltas_total', 'messages', ['kind'], 'Delta messages encoded.', ({ deltas: d }) =>
    kinds('kind', { delta: d.deltas, keyframe: d.keyframes }),
  ),
  counter('delta_bytes_total', 'bytes', [], 'Bytes of delta messages, each once however many are told.', f => [
    line(f.deltas.bytes),
  ]),
  counter('delta_encode_seconds_total', 'seconds', [], 'Time of encoding deltas, beside the ticks.', f => [
    line(f.deltas.encoding),
  ]),
  gauge('delta_subscribers', 'subscribers', [], 'Who is told deltas.', f => [line(f.deltas.subscribers)]),
  gauge('deltas_waiting', 'messages', [], 'Delta messages that wait for their subscribers.', f => [
    line(f.deltas.waiting),
  ]),
]

export const SIMULATION_METRICS: readonly SimulationMetric[] = [...ticks, ...world, ...outside]

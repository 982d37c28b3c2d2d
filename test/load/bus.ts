// The event bus between a large world and many subscribers: what its NPCs say, and what publishers beside it publish as fast
// as they may, with each strategy. Handlers that throw and that hang are among them. Every event is accounted for.

import { grouped } from '../../lib/cli/numbers.js'
import { EventBus, type EventBusOptions, type PublishOptions, Simulation, type World } from '../../lib/index.js'
import {
  Account,
  type Effort,
  type Load,
  type LoadOutcome,
  nextTurn,
  OwnWatch,
  type Row,
  Stopwatch,
} from './harness.js'
import type talkers from './talkers.js'
import { talker } from './talkers.js'

const WORLD = new URL('./talkers.js', import.meta.url)
const STRATEGIES = ['block', 'drop', 'log'] as const
const PUBLISHERS = 8
/** Events that a publisher publishes in a turn; where there is no room and it may wait, it does. */
const BURST = 100
/** Of publisher 0 every so many-th event has a handler throw, and so many events in all have one hang. */
const THROWS_EVERY = 1000
const HANGING = 20
const HANG_MS = 5

/** A bus that notes what became of each call of publish, by where it came from: the first segment of its topic. */
class WatchedBus extends EventBus {
  readonly accepted = new Map<string, number>()
  readonly dropped = new Map<string, number>()

  override publish(topic: string, payload?: unknown, options?: PublishOptions): Promise<boolean> {
    const from = topic.slice(0, topic.indexOf('.'))
    const accepted = super.publish(topic, payload, options)
    void accepted.then(was => {
      const counts = was ? this.accepted : this.dropped
      counts.set(from, (counts.get(from) ?? 0) + 1)
    })
    return accepted
  }
}

/** What subscribers have seen. */
class Seen {
  events = 0
  said = 0
  sum = 0
  thrown = 0
  outOfOrder = 0
  readonly #last = new Float64Array(PUBLISHERS).fill(-1)
  #lastSaid = -1

  subscribe(bus: EventBus): void {
    bus.subscribe('**', () => this.events++)
    bus.subscribe<number>('load.*', async ({ topic, payload }) => {
      const publisher = Number(topic.slice(topic.indexOf('.') + 1))
      if (payload <= this.#last[publisher]) this.outOfOrder++
      this.#last[publisher] = payload
      this.sum += payload
    })
    bus.subscribe<{ tick: number; sequence: number }>('talkers.event.said', ({ payload: { tick, sequence } }) => {
      const place = tick * 2 ** 16 + sequence
      if (place <= this.#lastSaid) this.outOfOrder++
      this.#lastSaid = place
      this.said++
    })
    bus.subscribe<number>('load.0', ({ payload }) => {
      if (payload % THROWS_EVERY !== 0) return
      this.thrown++
      throw new Error('a handler that throws')
    })
    bus.subscribe('hang.*', () => new Promise(() => undefined), { timeoutMs: HANG_MS })
  }
}

/** Publishes 0, 1, 2 … under a topic until it is told to stop; the sum of those that were accepted. */
async function publishUntil(bus: EventBus, topic: string, waits: boolean, over: () => boolean): Promise<number> {
  let sum = 0
  const tell = async (n: number) => {
    if (await bus.publish(topic, n)) sum += n
  }
  for (let n = 0; !over(); ) {
    const burst: Promise<void>[] = []
    for (const end = n + BURST; n < end; n++) {
      const told = tell(n)
      if (waits) await told
      else burst.push(told)
    }
    await Promise.all(burst)
    await nextTurn()
  }
  return sum
}

/** How often all talkers together remember to have said something. */
function rememberedBy(world: World): number {
  const said = world.population(talker).column('said')
  let sum = 0
  for (let i = 0; i < said.length; i++) sum += said[i]
  return sum
}

async function talkTo(bus: WatchedBus, waits: boolean, npcs: number, seconds: number) {
  const params = { talkers: npcs }
  const sim = await Simulation.create<typeof talkers>(WORLD, { workers: 1, params, eventBus: bus })
  const ending = new AbortController()
  const watch = new Stopwatch()
  const run = sim.run({ ticks: Number.MAX_SAFE_INTEGER, signal: ending.signal }).catch(error => {
    if (!ending.signal.aborted) throw error
  })
  for (let n = 0; n < HANGING; n++) await bus.publish(`hang.${n}`)
  const publishers = Array.from({ length: PUBLISHERS }, (_, i) =>
    publishUntil(bus, `load.${i}`, waits, () => watch.seconds >= seconds),
  )
  const sums = await Promise.all(publishers)
  ending.abort()
  await run
  const { emitted, refused } = sim.counters.events
  const { tick } = sim
  const remembered = await sim.read(rememberedBy)
  await sim.close()
  await bus.stop()
  return {
    sum: sums.reduce((a, b) => a + b, 0),
    emitted: emitted.said,
    refused,
    tick,
    remembered,
    seconds: watch.seconds,
  }
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0)

async function underLoad(strategy: (typeof STRATEGIES)[number], npcs: number, seconds: number) {
  const part = `${strategy}, ${grouped(npcs)} NPCs`
  let warnings = 0
  const options: EventBusOptions = {
    backpressureStrategy: strategy,
    maxBlocked: 2 ** 17, // two ticks of the most that a world may emit: with 'block' nothing is lost
    maxDeadLetters: 100,
    logger: { warn: () => warnings++ },
  }
  const bus = new WatchedBus(options)
  const seen = new Seen()
  seen.subscribe(bus)
  bus.start()
  const watch = new OwnWatch()
  const talked = await talkTo(bus, strategy === 'block', npcs, seconds)
  const own = await watch.end()
  const { latency, ...stats } = bus.getStats()
  const account = new Account(part)
  const dropped = total(bus.dropped)
  account.add('accepted = calls of publish', stats.accepted, total(bus.accepted) + dropped)
  account.add('dropped = those that publish gave false for', stats.dropped, dropped)
  account.add('accepted = done + failed + dropped', stats.accepted, stats.done + stats.failed + stats.dropped)
  account.add('queued, running and blocked after stop', stats.queued + stats.running + stats.blocked, 0)
  account.add('what a subscriber of all saw = done + failed', seen.events, stats.done + stats.failed)
  account.add('failed = handlers that threw and that hung', stats.failed, seen.thrown + stats.callsTimedOut)
  account.add('handlers that hung', stats.callsTimedOut, HANGING)
  account.add('dead letters, kept and lost', stats.deadLetters + stats.deadLettersLost, stats.failed)
  account.add('sum of what publishers were told was accepted = sum that was seen', seen.sum, talked.sum)
  account.add('events out of the order of their topic', seen.outOfOrder, 0)
  account.add('what NPCs remember to have said = what they emitted', talked.remembered, talked.emitted)
  account.add('events that the world refused', talked.refused, 0)
  const fromWorld = bus.accepted.get('talkers') ?? 0
  if (strategy === 'block') {
    account.add('dropped', stats.dropped, 0)
    account.add('what NPCs said was heard', seen.said, talked.emitted)
  }
  const row: Row = {
    name: part,
    count: stats.done + stats.failed,
    seconds: talked.seconds,
    latency,
    besides: { dropped, fromWorld, ticks: talked.tick, warnings, ...own },
  }
  return { row, entries: account.entries }
}

export const bus: Load = {
  name: 'bus',
  about: `an EventBus between a world, ${PUBLISHERS} publishers and subscribers of which some throw or hang`,
  npcs: [100_000, 1_000_000],
  smokeNpcs: [100_000],
  async run({ npcs, seconds }: Effort): Promise<LoadOutcome> {
    const parts = []
    for (const count of npcs) for (const strategy of STRATEGIES) parts.push(await underLoad(strategy, count, seconds))
    return { rows: parts.map(({ row }) => row), account: parts.flatMap(({ entries }) => entries) }
  },
}

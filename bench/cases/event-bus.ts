// The event bus: microseconds an event with four handlers, beside an EventEmitter, which has no queue, no order by priority
// and no isolation; how long a call of publish takes; and each strategy under ten times as many events as can be handled.
import { EventEmitter } from 'node:events'
import { createHistogram } from 'node:perf_hooks'
import { EventBus, type EventBusStats } from '../../lib/index.js'
import { type BenchCase, type Contender, interleave, median, milliseconds, samplesOf, type Work } from '../harness.js'

const EVENTS_PER_SECOND = 200_000
const PUBLISH_MS = 1
const MOST_MB = 32
const TOPICS = Array.from({ length: 64 }, (_, i) => `npc.${i}.moved`)
const PATTERNS = ['npc.*.moved', 'npc.**', '**', 'npc.*.*']
const STRATEGIES = ['drop', 'block', 'log'] as const

/** What handlers have seen. */
interface Seen {
  sum: number
  expected: number
}

/** Events go through a bus with four handlers, and each call of publish is timed. */
function busRound(
  name: string,
  events: number,
  seen: Seen,
  handle: (x: number) => unknown,
  publishes: number[],
): Contender {
  return {
    name,
    async round() {
      const bus = new EventBus({ maxQueueSize: 10_000 })
      for (const pattern of PATTERNS) bus.subscribe<number>(pattern, ({ payload }) => handle(payload))
      bus.start()
      const histogram = createHistogram()
      const ms = await milliseconds(async () => {
        for (let i = 0; i < events; i++) {
          const started = performance.now()
          const room = bus.publish(TOPICS[i % TOPICS.length], i)
          histogram.record(1 + Math.round((performance.now() - started) * 1e6))
          await room
        }
        await bus.stop()
      })
      seen.expected += (PATTERNS.length * events * (events - 1)) / 2
      publishes.push(histogram.percentile(99.9) / 1e6)
      return (ms * 1000) / events
    },
  }
}

/** Ten events a dispatcher and turn, of which one can be handled: what became of them, and megabytes that stayed. */
async function overload(
  strategy: (typeof STRATEGIES)[number],
  turns: number,
): Promise<{ stats: EventBusStats; mb: number; calls: number }> {
  const workerCount = 4
  const nextTurn = () => new Promise(resolve => setImmediate(resolve))
  const bus = new EventBus({
    maxQueueSize: 1000,
    maxBlocked: 1000,
    workerCount,
    backpressureStrategy: strategy,
    logger: { warn: () => undefined },
  })
  let calls = 0
  bus.subscribe('npc.**', () => {
    calls++
    return nextTurn()
  })
  bus.start()
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  for (let turn = 0; turn < turns; turn++) {
    for (let i = 0; i < 10 * workerCount; i++) void bus.publish(TOPICS[i % TOPICS.length], { turn, i })
    await nextTurn()
  }
  globalThis.gc?.()
  const mb = (process.memoryUsage().heapUsed - before) / 2 ** 20
  await bus.stop()
  return { stats: bus.getStats(), mb, calls }
}

export const eventBus: BenchCase = {
  name: 'event-bus',
  about: 'microseconds an event with four handlers, and events beyond what can be handled',
  rounds: 9,
  async run({ smoke, rounds }) {
    const events = smoke ? 5000 : 200_000
    const turns = smoke ? 200 : 20_000
    const seen = { sync: { sum: 0, expected: 0 }, async: { sum: 0, expected: 0 }, plain: { sum: 0, expected: 0 } }
    const publishes: number[] = []
    const emitter = new EventEmitter()
    for (const _ of PATTERNS) emitter.on('moved', (x: number) => (seen.plain.sum += x))
    const handlers = {
      sync: (x: number) => (seen.sync.sum += x),
      async: async (x: number) => {
        seen.async.sum += x
      },
    }
    const contenders = [
      busRound('bus', events, seen.sync, handlers.sync, publishes),
      busRound('bus, async handlers', events, seen.async, handlers.async, publishes),
      {
        name: 'EventEmitter',
        async round() {
          const ms = await milliseconds(() => {
            for (let i = 0; i < events; i++) emitter.emit('moved', i)
          })
          seen.plain.expected += (PATTERNS.length * events * (events - 1)) / 2
          return (ms * 1000) / events
        },
      },
    ]
    const samples = await interleave(contenders, rounds, 1)
    const work: Work[] = Object.entries(seen).map(([name, { sum, expected }]) => ({
      what: `sum of what handlers have seen, ${name}`,
      found: String(sum),
      expected: String(expected),
    }))
    const published = turns * 40
    let most = 0
    for (const strategy of STRATEGIES) {
      const { stats, mb, calls } = await overload(strategy, turns)
      const { accepted, done, failed, dropped } = stats
      most = Math.max(most, mb)
      work.push(
        { what: `${strategy}: accepted of ${published} published`, found: `${accepted}`, expected: `${published}` },
        { what: `${strategy}: done, failed and dropped`, found: `${done + failed + dropped}`, expected: `${accepted}` },
        { what: `${strategy}: calls of the handler`, found: `${calls}`, expected: `${done}` },
        { what: `${strategy}: most events were too many`, found: `${dropped > accepted / 2}`, expected: 'true' },
      )
    }
    const slowest = Math.max(median(samplesOf(samples, 'bus')), median(samplesOf(samples, 'bus, async handlers')))
    const perSecond = 1e6 / slowest
    const p999 = median(publishes)
    return {
      lines: [
        ...contenders.map(({ name }) => ({ name, unit: 'us', samples: samplesOf(samples, name) })),
        { name: 'publish, p99.9', unit: 'ms', samples: publishes },
      ],
      targets: [
        {
          claim: `at least ${EVENTS_PER_SECOND} events a second with four handlers, sync or async`,
          figure: perSecond,
          unit: '/s',
          holds: perSecond >= EVENTS_PER_SECOND,
        },
        { claim: `p99.9 of publish below ${PUBLISH_MS} ms`, figure: p999, unit: 'ms', holds: p999 < PUBLISH_MS },
        { claim: `at most ${MOST_MB} MB under overload`, figure: most, unit: 'MB', holds: most <= MOST_MB },
      ],
      work,
    }
  },
}

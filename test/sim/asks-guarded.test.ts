// A service with a guard around it: what the guard refuses its askers are told at once, the record has it, and a replay
// without the service comes to the same bits.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { compose, later, openStore, replayRun, Simulation } from '../../lib/index.js'
import type pupils from '../fixtures/pupils.js'
import { answerOf, type Question } from '../fixtures/pupils.js'

const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
const seed = 3
const TICKS = 60

async function broken(): Promise<never> {
  throw new Error('no connection')
}

const GUARDED = {
  'a breaker': compose({ breaker: { failureThreshold: 3, openMs: 3_600_000 } }, broken),
  'a budget': compose({ budget: { requests: { limit: 20 } } }, async (question: Question) => answerOf(question)),
  'a limiter': compose({ limiter: { requestsPerSecond: 1, burst: 5, maxWaiting: 0 } }, async (question: Question) =>
    answerOf(question),
  ),
}

for (const [what, teacher] of Object.entries(GUARDED)) {
  t.test(`what ${what} refuses comes to those who ask, and again in a replay without the service`, async t => {
    const store = await openStore(`memory:${randomUUID()}`)
    const services = { teacher, examiner: later(2, answerOf) }
    const options = { workers: 1, seed, services, store: store.url, run: 'one', checkpoint: { everyTicks: 10 } }
    const sim = await Simulation.create<typeof pupils>(PUPILS, options)
    await sim.run({ ticks: TICKS })
    const { asked, open, ok, late, failed, refused } = sim.counters.asks.lesson
    t.equal(asked, open + ok + late + failed + refused)
    t.ok(refused > 50, `${refused} of ${asked} are refused`)
    t.ok(ok + failed <= 21, 'and hardly any reached it')
    t.match(sim.services.teacher.lastReason, what === 'a limiter' ? /wait|limiter/ : /./)
    const hash = await sim.hash()
    await sim.checkpoint()
    await sim.close()
    for (const workers of [0, 1, 2, 3]) {
      const replayed = await replayRun(PUPILS, store, { workers })
      t.equal(replayed.departs, undefined)
      t.equal(replayed.hash, hash, `${workers} workers`)
    }
    await store.close()
  })
}

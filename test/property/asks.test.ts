// Laws of asks, whatever services do and whenever: what is asked is told of once, and a replay of the record comes to the
// same state on any number of workers, without a service.
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { replayRun } from '../../lib/run/replay.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import type pupils from '../fixtures/pupils.js'
import { answerOf, type Question } from '../fixtures/pupils.js'

const TICKS = 20

/** What a service does with its next call: how many turns of the event loop it takes, and how it ends. */
const step = fc.record({
  turns: fc.integer({ min: 0, max: 6 }),
  ends: fc.constantFrom('answers', 'fails', 'refuses', 'is late', 'says nothing'),
})

const world = fc.record({
  pending: fc.constantFrom(1, 5, 40),
  eager: fc.constantFrom(0.05, 0.3, 1),
  mortal: fc.constantFrom(0, 1),
  maxConcurrent: fc.constantFrom(1, 3, 100),
  steps: fc.array(step, { minLength: 1, maxLength: 20 }),
  freezes: fc.array(fc.boolean(), { maxLength: TICKS }),
  resumes: fc.integer({ min: 1, max: TICKS - 1 }),
  seed: fc.integer({ min: 0, max: 1000 }),
})

type World = typeof world extends fc.Arbitrary<infer W> ? W : never

function services({ steps, maxConcurrent }: World) {
  let calls = 0
  const service = (answer: (q: Question) => unknown) => ({
    maxConcurrent,
    timeoutMs: 60_000, // never reached: no law depends on a clock
    async ask(question: Question) {
      const { turns, ends } = steps[calls++ % steps.length]
      for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve))
      if (ends === 'fails') throw new Error('out of order')
      if (ends === 'refuses') throw Object.assign(new Error('full'), { code: 'SERVICE_BUSY' })
      if (ends === 'is late') throw new DOMException('slow', 'TimeoutError')
      return ends === 'answers' ? answer(question) : undefined
    },
  })
  return { teacher: service(answerOf), examiner: service(({ who }) => who) }
}

async function law(w: World): Promise<void> {
  const url = new URL(`../fixtures/pupils.js?alone&pending=${w.pending}`, import.meta.url)
  const name = randomUUID()
  const o = { store: `memory:${name}`, checkpoint: { everyTicks: 4 }, services: services(w) }
  const { seed, eager, mortal } = w
  let sim = await Simulation.create<typeof pupils>(url, { ...o, workers: 0, seed, params: { eager, mortal } })
  for (let tick = 0; tick < TICKS; tick++) {
    if (tick === w.resumes) {
      const { tick: before } = await sim.checkpoint()
      await sim.close()
      sim = await Simulation.resume<typeof pupils>(url, { ...o, workers: 1 })
      t.equal(sim.tick, before)
    }
    if (w.freezes[tick] !== undefined) await sim.command('freeze', w.freezes[tick])
    await sim.run({ ticks: 1 })
  }
  await sim.command('freeze', false)
  await sim.run({ ticks: 2 }) // who sleeps hears no command
  await sim.command('hush', null)
  await sim.run({ ticks: 14 })
  await sim.checkpoint()
  for (const { asked, open, ok, late, failed, refused, untold, waiting } of Object.values(sim.counters.asks)) {
    t.equal(asked, ok + late + failed + refused)
    t.strictSame([open, waiting, untold], [0, 0, 0])
  }
  const dropped = Object.values(sim.counters.asks).reduce((n, a) => n + a.dropped, 0)
  if (mortal === 0) t.equal(dropped, 0)
  const hash = await sim.hash()
  await sim.close()
  t.match(await replayRun(url, new MemoryStore(name), { workers: 0 }), { hash, departs: undefined })
}

t.test('whatever services do and whenever, all are told, and a replay comes to the same state', async t => {
  const numRuns = process.env.POPULACE_LONG ? 200 : 12
  await fc.assert(fc.asyncProperty(world, law), { numRuns })
  t.pass()
})

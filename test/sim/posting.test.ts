// Many messages to many receivers: more than a bucket of rows, more than a share of messages, on several threads.
import t from 'tap'
import { copyPopulation, hashPopulations } from '../../bench/plain-state.js'
import { postingByHand } from '../../bench/posting-by-hand.js'
import type scenario from '../../bench/scenarios/posting.js'
import { EACH, person } from '../../bench/scenarios/posting.js'
import { Simulation } from '../../lib/index.js'

const URL_OF_POSTING = new URL('../../bench/scenarios/posting.js', import.meta.url)
const people = 20_000
const ticks = 3

t.test('20,000 agents receive what loops by hand deliver to them, on any number of workers', async t => {
  for (const workers of [0, 1, 2, 3]) {
    const sim = await Simulation.create<typeof scenario>(URL_OF_POSTING, { workers, params: { people } })
    const plain = copyPopulation(sim, person)
    const { sum, trace } = plain.columns
    const step = postingByHand({ ids: plain.ids, sum: sum as Float32Array, trace: trace as Uint32Array }) // as declared
    for (let tick = 0; tick < ticks; tick++) step(tick)
    await sim.run({ ticks })
    t.equal(await sim.hash(), hashPopulations([plain], ticks, []), `on ${workers} workers`)
    const sent = ticks * people * EACH
    t.match(sim.counters.messages.note, { sent, delivered: sent, dropped: 0, waiting: 0, refused: 0 })
    await sim.close()
  }
})

t.test('mail to another generation of a slot is dropped, whether anybody ever died or not', async t => {
  await using sim = await Simulation.create(new URL('../fixtures/strays.js', import.meta.url), { workers: 0 })
  await sim.run({ ticks: 1 })
  t.match(sim.counters.messages.stray, { sent: 80, delivered: 40, dropped: 40 })
  await sim.run({ ticks: 1 }) // id 7 dies when it has sent
  t.match(sim.counters.messages.stray, { sent: 160, delivered: 79, dropped: 81 })
  await sim.run({ ticks: 1 })
  t.match(sim.counters.messages.stray, { sent: 238, delivered: 118, dropped: 120 })
})

// The rules of asks written a second time, over arrays of objects: who is admitted and refused, in which tick each is told,
// and in which order. Worlds are random, their services answer after ticks.
import fc from 'fast-check'
import t from 'tap'
import {
  defineAsk,
  defineEngine,
  definePopulation,
  defineScenario,
  doc,
  later,
  Simulation,
  u32,
} from '../../lib/index.js'

const TICKS = 25

const world = fc.record({
  agents: fc.integer({ min: 1, max: 40 }),
  pending: fc.integer({ min: 1, max: 20 }),
  ticks: fc.integer({ min: 1, max: 6 }),
  timeoutTicks: fc.integer({ min: 1, max: 6 }),
  latency: fc.integer({ min: 0, max: 6 }), // 0: on arrival
  every: fc.integer({ min: 1, max: 3 }),
  hearsFirst: fc.boolean(),
  rare: fc.integer({ min: 1, max: 9 }),
  times: fc.integer({ min: 1, max: 3 }),
  ends: fc.integer({ min: 0, max: TICKS }), // the tick in which the last third dies: rows keep their order
})

type World = typeof world extends fc.Arbitrary<infer W> ? W : never
/** Token, status and answer (-1: none), and the tick in which it was heard. */
type Heard = [number, number, number, number]

const wants = ({ rare }: World, id: number, tick: number) => (id * 7 + tick * 13) % rare === 0
const isMortal = ({ agents }: World, id: number) => 3 * id > 2 * agents
const answerTo = (n: number) => (n * 31) % 1000

async function stepped(w: World) {
  const { agents, pending, ticks, timeoutTicks, every, hearsFirst, times, ends } = w
  const person = definePopulation('person', { capacity: 40, block: 16, columns: { log: doc<Heard[]>(), age: u32() } })
  const latency = w.latency === 0 ? 'arrival' : Math.min(w.latency, timeoutTicks)
  const doubt = defineAsk('doubt', {
    ...{ service: 'oracle', by: person, timeoutTicks, pending, latency },
    ...{ question: doc<number>(), answer: doc<number>() },
  })
  const wonder = defineEngine({
    ...{ name: 'wonder', population: person, asks: { doubt }, priority: hearsFirst ? 1 : 0 },
    kernel({ self: { id }, ask }) {
      return (begin, end, tick) => {
        for (let row = begin; row < end; row++)
          for (let k = 0; k < times; k++)
            if (wants(w, id[row], tick)) ask.doubt(row, id[row] * 100 + tick, tick * 10 + k)
      }
    },
  })
  const hear = defineEngine({
    ...{ name: 'hear', population: person, hears: { doubt }, writes: ['log'], every, priority: hearsFirst ? 0 : 1 },
    kernel({ self: { log }, answers: { doubt } }) {
      const { first, status, token } = doubt
      return (begin, end, tick) => {
        for (let row = begin; row < end; row++)
          for (let i = first[row]; i < first[row + 1]; i++)
            log.set(row, [...(log.get(row) ?? []), [token[i], status[i], doubt.answer(i) ?? -1, tick]])
      }
    },
  })
  const die = defineEngine({
    ...{ name: 'die', population: person, despawns: true, priority: 2 },
    kernel({ self: { id }, despawn }) {
      return (begin, end, tick) => {
        for (let row = begin; row < end; row++) if (tick === ends && isMortal(w, id[row])) despawn(row)
      }
    },
  })
  const scenario = defineScenario({
    ...{ name: 's', populations: [person], engines: [wonder, hear, die], services: { oracle: later(ticks, answerTo) } },
    setup: world => void world.population(person).spawnMany(agents),
  })
  await using sim = await Simulation.create(scenario, { workers: 0 })
  await sim.run({ ticks: TICKS })
  const logs = [...sim.world.population(person).rows()].map(({ id, log }) => [id, log ?? []] as const)
  return { logs: new Map(logs), counts: sim.counters.asks.doubt }
}

interface Asked {
  readonly id: number
  readonly token: number
  readonly tick: number
  status: number
  answer: number
}

function byHand(w: World) {
  const { agents, pending, timeoutTicks, every, hearsFirst, times, ends } = w
  const logs = new Map(Array.from({ length: agents }, (_, i) => [i + 1, [] as Heard[]]))
  const counts = { asked: 0, open: 0, ok: 0, late: 0, failed: 0, refused: 0, untold: 0, waiting: 0, dropped: 0 }
  let box: Asked[] = []
  for (let tick = 0; tick < TICKS; tick++) {
    for (const a of box.filter(a => a.status < 0)) {
      const there = a.tick + w.ticks
      const latest = w.latency === 0 ? a.tick + timeoutTicks : a.tick + Math.min(w.latency, timeoutTicks)
      if (tick < (w.latency === 0 ? Math.min(there, latest) : latest)) continue
      a.status = there <= tick ? 0 : 1
      if (a.status === 0) a.answer = answerTo(a.id * 100 + a.tick)
      counts[a.status === 0 ? 'ok' : 'late']++
    }
    const ask = () => {
      for (const id of logs.keys())
        for (let k = 0; k < times; k++) {
          if (!wants(w, id, tick)) continue
          counts.asked++
          const isAdmitted = box.filter(a => a.status < 0).length < pending
          if (!isAdmitted) counts.refused++
          box.push({ id, token: tick * 10 + k, tick, status: isAdmitted ? -1 : 3, answer: -1 })
        }
    }
    const hear = () => {
      if (tick % every !== 0) return
      for (const { id, token, status, answer } of box.filter(a => a.status >= 0)) {
        const log = logs.get(id)
        if (log) log.push([token, status, answer, tick])
        else counts.dropped++
      }
      box = box.filter(a => a.status < 0)
    }
    for (const act of hearsFirst ? [hear, ask] : [ask, hear]) act()
    if (tick === ends) for (const id of [...logs.keys()]) if (isMortal(w, id)) logs.delete(id)
  }
  counts.open = box.filter(a => a.status < 0).length
  counts.waiting = box.length - counts.open
  return { logs, counts }
}

t.test('asks are admitted, answered, refused and heard as by hand', async t => {
  const seen = new Set<number>()
  const law = async (w: World) => {
    const found = await stepped(w)
    const expected = byHand(w)
    t.strictSame(found, expected)
    for (const log of found.logs.values()) for (const [, status] of log) seen.add(status)
  }
  await fc.assert(fc.asyncProperty(world, law), { numRuns: process.env.POPULACE_LONG ? 1000 : 60 })
  t.strictSame([...seen].sort(), [0, 1, 3])
})

// Asks: what agents ask and hear has the same bits on any number of workers, whatever becomes of it, and whether it was
// stepped straight through, resumed or replayed.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { later, Simulation, type SimulationOptions } from '../../lib/index.js'
import { replayRun } from '../../lib/run/replay.js'
import { storeAt } from '../../lib/run/stores.js'
import { verifyScenario } from '../../lib/run/verify.js'
import type pupils from '../fixtures/pupils.js'
import { answerOf, type Question } from '../fixtures/pupils.js'

const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
const TICKS = 30

type Sim = Simulation<typeof pupils>

const make = (o: SimulationOptions, query = '') =>
  Simulation.create<typeof pupils>(new URL(`${PUPILS.href}${query}`), { seed: 3, ...o })

/** Runs to TICKS, half of the pupils frozen for some ticks; the hashes of each tick. */
async function hashes(sim: Sim): Promise<string[]> {
  const found: string[] = []
  for (let tick = 0; tick < TICKS; tick++) {
    if (tick === 10 || tick === 18) await sim.command('freeze', tick === 10)
    await sim.run({ ticks: 1 })
    found.push(await sim.hash())
  }
  return found
}

t.test('asks come to the same bits on any number of workers, checked or not', async t => {
  await using inline = await make({ workers: 0 })
  const expected = await hashes(inline)
  const { lesson, exam } = inline.counters.asks
  t.ok(lesson.ok > 50 && exam.ok > 20, 'much is answered')
  t.ok(lesson.dropped > 0, 'some who asked are dead')
  for (const [workers, checks] of [
    [1, false],
    [2, false],
    [3, false],
    [0, true],
    [2, true],
  ] as const) {
    await using sim = await make({ workers, checks })
    t.strictSame(await hashes(sim), expected, `${workers} workers${checks ? ', checked' : ''}`)
    t.strictSame(sim.counters.asks, inline.counters.asks)
  }
})

t.test('an ask beyond what may be pending is refused at once, and its asker is told', async t => {
  for (const workers of [0, 2]) {
    await using sim = await make({ workers, params: { eager: 0.9, mortal: 0 } }, '?pending=4')
    await sim.run({ ticks: 20 })
    const { lesson, exam } = sim.counters.asks
    t.ok(lesson.refused > 1000, 'most are refused')
    t.equal(lesson.asked, lesson.open + lesson.ok + lesson.late + lesson.failed + lesson.refused)
    t.ok(lesson.open <= 4)
    t.equal(lesson.untold + exam.untold, 0)
    await sim.command('hush', null)
    await sim.run({ ticks: 20 })
    const after = sim.counters.asks
    t.equal(sim.measures.refused, after.lesson.refused + after.exam.refused, 'everyone heard of it')
    t.equal(sim.measures.heard, after.lesson.ok + after.exam.ok)
    t.equal(after.lesson.open + after.lesson.waiting, 0)
  }
})

t.test('a service that takes longer than its ask may is late, and the asker hears so in that tick', async t => {
  for (const [ticks, timely] of [
    [8, true],
    [9, false],
  ] as const) {
    await using sim = await make({ workers: 0, params: { mortal: 0 }, services: { teacher: later(ticks, answerOf) } })
    await sim.run({ ticks: 30 })
    const { lesson } = sim.counters.asks
    t.equal(lesson.ok > 0, timely)
    t.equal(lesson.late > 0, !timely)
  }
})

t.test(
  'a run that is resumed asks again what was open, with the same identity, and comes to the same bits',
  async t => {
    const address = `memory:${randomUUID()}`
    const asked: string[] = []
    // Answers at once, and each ask is answered exactly six ticks later: so it does not matter when a call ends.
    const examiner = async ({ who }: Question, { id }: { id: string }) => {
      asked.push(id)
      return who
    }
    const o = { workers: 0, seed: 3, checkpoint: { everyTicks: 7 }, services: { examiner } }
    await using whole = await make({ ...o, store: address })
    await whole.run({ ticks: TICKS })
    const end = await whole.hash()
    await whole.close()
    const first = asked.splice(0)
    t.equal(new Set(first).size, first.length, 'each ask is put once')
    for (const [workers, tick] of [
      [0, undefined],
      [2, 14],
      [3, 0],
    ] as const) {
      const { checkpoint, services } = o
      const from = tick === undefined ? {} : { tick }
      await using sim = await Simulation.resume<typeof pupils>(PUPILS, {
        ...{ store: address, workers, checkpoint, services, ...from },
      })
      await sim.run({ ticks: TICKS - sim.tick })
      t.equal(await sim.hash(), end, `from ${tick ?? 'the newest checkpoint'} on ${workers} workers`)
      t.ok(
        asked.splice(0).every(id => first.includes(id)),
        'nothing is asked that was not asked',
      )
    }
  },
)

t.test('a replay needs no service and comes to the same bits; an edited answer is caught', async t => {
  const address = `memory:${randomUUID()}`
  const alone = new URL(`${PUPILS.href}?alone`)
  let delay = 0
  const services = {
    // Answers when it likes: in the next tick, or some ticks later.
    teacher: (q: Question) =>
      new Promise(resolve => {
        if (delay++ % 3 === 0) resolve(answerOf(q))
        else setImmediate(() => setImmediate(() => resolve(answerOf(q))))
      }),
    examiner: async ({ who }: Question) => {
      if (who % 3 === 0) throw new Error('no mood')
      return who
    },
  }
  const o = { workers: 2, seed: 3, services, checkpoint: { everyTicks: 10 }, store: address }
  await using sim = await Simulation.create<typeof pupils>(alone, o)
  for (let tick = 0; tick < TICKS; tick++) {
    await sim.run({ ticks: 1 })
    await new Promise(resolve => setImmediate(resolve))
  }
  t.ok(sim.counters.asks.lesson.ok > 20 && sim.counters.asks.exam.failed > 5)
  const hash = await sim.hash()
  await sim.close()
  const store = await storeAt(address)
  t.teardown(() => store.close())
  for (const workers of [0, 3]) {
    const report = await replayRun(alone, store, { workers })
    t.equal(report.departs, undefined)
    t.equal(report.hash, hash)
  }
})

t.test('the sanitizer compares runs that ask', async t => {
  const report = await verifyScenario(PUPILS, { ticks: 15, workers: [0, 2] })
  t.equal(report.error, undefined)
  t.ok(report.ok)
})

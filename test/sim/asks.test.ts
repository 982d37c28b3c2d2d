// What agents ask and hear has the same bits on any number of workers, whatever becomes of it.
import t from 'tap'
import {
  defineAsk,
  defineEngine,
  definePopulation,
  defineScenario,
  doc,
  later,
  Simulation,
  type SimulationOptions,
  u32,
} from '../../lib/index.js'
import { verifyScenario } from '../../lib/run/verify.js'
import type pupils from '../fixtures/pupils.js'
import { answerOf } from '../fixtures/pupils.js'

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

t.test('a world whose service fails goes on, its asks refused', async t => {
  const broken = async () => {
    throw Object.assign(new Error('no connection'), { code: 'CIRCUIT_OPEN' })
  }
  const params = { pupils: 10_000, eager: 0.1 }
  await using sim = await make({ workers: 2, params, services: { teacher: broken, examiner: broken } }, '?pending=64')
  await sim.run({ ticks: 20 })
  const { asked, refused, ok, failed, late } = sim.counters.asks.lesson
  t.ok(asked > 15_000 && refused > asked - 200)
  t.equal(ok + failed + late, 0)
  t.ok(sim.services.teacher.refused > 0)
  t.equal(sim.services.teacher.lastReason, 'no connection')
})

t.test('whatever a service does, its asker is told', async t => {
  const thrown = (error: unknown) => async () => {
    throw error
  }
  for (const [what, service] of [
    ['failed', thrown(new Error('out of order'))],
    ['failed', thrown('nothing to say')],
    ['refused', thrown(Object.assign(new Error('too many'), { code: 'RATE_LIMITED' }))],
    ['late', thrown(new DOMException('too long', 'TimeoutError'))],
    ['ok', async () => undefined],
    ['failed', async () => () => 1],
    ['failed', async () => new Map()],
    ['failed', async () => 'x'.repeat(70_000)],
  ] as const) {
    await using sim = await make({ workers: 0, params: { mortal: 0 }, services: { examiner: service } })
    await sim.run({ ticks: 12 })
    const { exam } = sim.counters.asks
    t.ok(exam[what] > 0, what)
    t.equal(exam[what], exam.asked - exam.open)
  }
  await using sim = await make({
    workers: 0,
    services: {
      teacher: later(1, () => {
        throw new Error('not today')
      }),
    },
  })
  await sim.run({ ticks: 3 })
  t.ok(sim.counters.asks.lesson.failed > 0)
})

t.test('checks mode catches a question that depends on more than its row', async t => {
  const person = definePopulation('person', { capacity: 10, columns: { age: u32() } })
  const doubt = defineAsk('doubt', {
    ...{ service: 'oracle', by: person, timeoutTicks: 5, pending: 100 },
    ...{ question: doc<number>(), answer: doc<number>() },
  })
  for (const [what, message] of [
    ['question', /its asks 'doubt'/],
    ['token', /its asks 'doubt'/],
    ['nothing', undefined],
  ] as const) {
    let kept = 0
    const wonder = defineEngine({
      ...{ name: 'wonder', population: person, asks: { doubt }, hears: { doubt } },
      kernel: ({ ask }) => {
        return (begin, end) => {
          for (let row = begin; row < end; row++)
            ask.doubt(row, what === 'question' ? kept++ : 1, what === 'token' ? kept++ : 1)
        }
      },
    })
    const scenario = defineScenario({
      ...{ name: 's', populations: [person], engines: [wonder], services: { oracle: later(1, (n: number) => n) } },
      setup: world => void world.population(person).spawnMany(5),
    })
    await using sim = await Simulation.create(scenario, { workers: 0, checks: true })
    if (message) await t.rejects(sim.run({ ticks: 3 }), { code: 'CHECK_FAILED', message })
    else await t.resolves(sim.run({ ticks: 3 }))
  }
})

t.test('who sleeps hears when he wakes, and a run holds for sleepers too', async t => {
  await using sim = await make({ workers: 2, params: { mortal: 0 } })
  await sim.run({ ticks: 1 })
  await sim.command('hush', null)
  await sim.command('freeze', true)
  const { open } = sim.counters.asks.lesson
  await sim.run({ ticks: 9 })
  const asleep = sim.counters.asks
  t.equal(asleep.lesson.open + asleep.exam.open, 0)
  t.ok(asleep.lesson.waiting > 0 && asleep.lesson.waiting < open, 'those who are awake have heard')
  t.equal(asleep.lesson.dropped + asleep.exam.dropped, 0)
  await sim.command('freeze', false)
  await sim.run({ ticks: 4 })
  const awake = sim.counters.asks
  t.equal(awake.lesson.waiting + awake.exam.waiting, 0)
  t.equal(sim.measures.heard, awake.lesson.ok + awake.exam.ok)
})

t.test('the sanitizer compares runs that ask', async t => {
  const report = await verifyScenario(PUPILS, { ticks: 15, workers: [0, 2] })
  t.equal(report.error, undefined)
  t.ok(report.ok)
})

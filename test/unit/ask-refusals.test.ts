// Asks and services that are declared or given wrongly.
import t from 'tap'
import { MAX_PENDING_ASKS } from '../../lib/core/limits.js'
import {
  defineAsk,
  defineEngine,
  definePopulation,
  defineScenario,
  doc,
  later,
  type Service,
  Simulation,
  u32,
} from '../../lib/index.js'

const person = definePopulation('person', { capacity: 10, columns: { age: u32() } })
const other = definePopulation('other', { capacity: 10, columns: { age: u32() } })
const right = {
  ...{ service: 'oracle', by: person, timeoutTicks: 5, pending: 2 },
  ...{ question: doc<number>(), answer: doc<number>() },
}
const ask = defineAsk('ask', right)

const asking = (a: typeof ask, name = 'asking') =>
  defineEngine({ name, population: person, asks: { a }, kernel: () => () => undefined })
const hearing = (a: typeof ask, name = 'hearing') =>
  defineEngine({ name, population: person, hears: { a }, kernel: () => () => undefined })

const scenario = (services?: Record<string, Service>) =>
  defineScenario({
    ...{ name: 's', populations: [person], engines: [asking(ask), hearing(ask)] },
    ...(services ? { services } : {}),
    setup(world) {
      world.population(person).spawn({})
    },
  })

t.test('an ask that is declared wrongly is refused by name', async t => {
  const wrong = (change: object, message: RegExp, code = 'ASK_INVALID') =>
    t.throws(() => defineAsk('ask', { ...right, ...change }), { code, message })
  for (const timeoutTicks of [0, 1.5, '5', undefined]) wrong({ timeoutTicks }, /timeoutTicks/)
  for (const pending of [0, 1.5, MAX_PENDING_ASKS + 1, undefined]) wrong({ pending }, /pending/)
  for (const latency of [0, 6, 1.5, 'soon', null]) wrong({ latency }, /latency/)
  for (const what of ['question', 'answer'])
    for (const column of [u32(), undefined]) wrong({ [what]: column }, new RegExp(`${what} that is no document`))
  wrong({ service: '' }, /service of ask 'ask'/, 'NAME_INVALID')
  wrong({ by: {} }, /population of ask 'ask'/, 'POPULATION_UNKNOWN')
  wrong({ pendng: 3 }, /'pendng'.*'pending'/, 'OPTION_UNKNOWN')
  t.throws(() => defineAsk('', right), { code: 'NAME_INVALID' })
  t.doesNotThrow(() => defineAsk('ask', { ...right, latency: 5 }))
})

t.test('an engine that asks or hears wrongly is refused', async t => {
  const strange = { name: 'e', population: other, kernel: () => () => undefined }
  t.throws(() => defineEngine({ ...strange, asks: { ask } }), { code: 'ASK_INVALID', message: /asks 'ask'/ })
  t.throws(() => defineEngine({ ...strange, hears: { ask } }), { code: 'ASK_INVALID', message: /hears 'ask'/ })
  for (const what of ['asks', 'hears'])
    t.throws(() => defineEngine({ ...strange, [what]: { ask: {} } }), { code: 'ASK_INVALID', message: /is no ask/ })
  const made = (engines: ReturnType<typeof asking>[]) =>
    defineScenario({ name: 's', populations: [person], engines, setup() {} })
  t.throws(() => made([asking(ask)]), { code: 'ASK_INVALID', message: /heard by no engine/ })
  t.throws(() => made([asking(ask), hearing(defineAsk('ask', { ...right, pending: 3 }))]), { code: 'DUPLICATE_NAME' })
  t.throws(() => made(Array.from({ length: 32 }, (_, i) => hearing(ask, `e${i}`))), { code: 'ASK_INVALID' })
  t.doesNotThrow(() => made([hearing(ask)]))
})

t.test('a question that is no document, and one for another row, fail the tick', async t => {
  const kernel = (question: unknown, row: number) =>
    defineScenario({
      name: 's',
      populations: [person],
      engines: [
        hearing(ask),
        defineEngine({
          name: 'asking',
          population: person,
          asks: { ask },
          kernel:
            ({ ask }) =>
            () =>
              ask.ask(row, question as number),
        }),
      ],
      services: { oracle: later(1, (n: number) => n) },
      setup(world) {
        world.population(person).spawn({})
      },
    })
  for (const [question, row, code] of [
    [() => 1, 0, 'DOCUMENT_INVALID'],
    ['x'.repeat(70_000), 0, 'DOCUMENT_TOO_LARGE'],
    [1, 5, 'OUTPUT_ROW'],
  ] as const) {
    await using sim = await Simulation.create(kernel(question, row), { workers: 0 })
    await t.rejects(sim.run({ ticks: 1 }), { code })
  }
})

t.test('services that are missing, unknown or wrong are refused by name', async t => {
  const create = (services: Record<string, unknown>, s = scenario()) =>
    Simulation.create(s, { workers: 0, services: services as Record<string, Service> })
  const oracle = async () => 1
  await t.rejects(create({}), { code: 'SERVICE_MISSING', message: /'oracle'/ })
  await t.rejects(create({ oracle, orcale: oracle }), { code: 'SERVICE_UNKNOWN', message: /'orcale'.*'oracle'/ })
  for (const wrong of [7, null, {}, { ask: 7 }, { ask: oracle, timeoutMs: 0 }, { ask: oracle, maxConcurrent: 0 }])
    await t.rejects(create({ oracle: wrong }), { code: 'OPTION_INVALID', message: /service 'oracle'/ })
  for (const wrong of [later(0, () => 1), later(1.5, () => 1), { ticks: 1, answer: 7 }])
    await t.rejects(create({ oracle: wrong }), { code: 'OPTION_INVALID' })
  await t.rejects(create({ oracle: { ask: oracle, timeoutMS: 5 } }), {
    ...{ code: 'OPTION_UNKNOWN', message: /service 'oracle' has no option 'timeoutMS'.*'timeoutMs'/ },
  })
  await t.rejects(create({ oracle: { ticks: 1, answer: () => 1, extra: 1 } }), { code: 'OPTION_UNKNOWN' })
  await t.rejects(Simulation.create(scenario(), { workers: 0, services: 7 as never }), { code: 'OPTION_INVALID' })
  for (const fine of [oracle, { ask: oracle }, later(1, () => 1)]) await (await create({ oracle: fine })).close()
  await (await create({}, scenario({ oracle, unasked: oracle }))).close()
})

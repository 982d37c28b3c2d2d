import { test } from 'tap'
import type { ErrorCode } from '../../lib/core/errors.js'
import { f32, i32, index, ref, u8 } from '../../lib/memory/columns.js'
import { defineParams } from '../../lib/memory/params.js'
import { definePopulation } from '../../lib/memory/population.js'
import { count } from '../../lib/run/measures.js'
import { defineCommand, defineScenario, scenarioData } from '../../lib/run/scenario.js'
import { defineEngine, defineMainEngine } from '../../lib/schedule/engine.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', {
  capacity: 10,
  columns: { age: u8(), x: f32(), n: i32({ effect: 'add' }), friend: ref('self') },
})
const beast = definePopulation('beast', { capacity: 10, columns: { rage: u8() } })
const setup = () => undefined
const kernel = () => () => undefined
const update = () => undefined

const base = { name: 'test', populations: [agent], engines: [], setup }
const scenario = (o: object) => () => defineScenario({ ...base, ...o })
const engine = (o: object) => () => defineEngine({ name: 'e', population: agent, kernel, ...o } as never)
const main = (o: object) => () => defineMainEngine({ name: 'e', update, ...o } as never)
const listed = (o: object) => () => scenario({ engines: [engine(o)()] })()

test('a scenario that holds together is accepted', async t => {
  const made = defineScenario({
    ...base,
    params: defineParams({ a: { default: 1 } }),
    populations: [agent, beast],
    engines: [
      engine({ effects: { agents: agent.pick('n') } })(),
      main({ name: 'm', writes: [beast], reads: [agent.pick('age')] })(),
    ],
    measures: { all: count(agent) },
    commands: { go: defineCommand({ payload: { kind: 'doc' }, apply: () => undefined }) },
  })
  t.strictSame([made.name, Object.keys(made.measures), Object.keys(made.commands)], ['test', ['all'], ['go']])
  t.strictSame(scenarioData(made)?.engines.length, 2)
  t.equal(scenarioData({}), undefined)
  t.equal(scenarioData(null), undefined)
})

const WRONG: readonly [ErrorCode, RegExp, () => unknown][] = [
  ['NAME_INVALID', /A scenario/, scenario({ name: '' })],
  ['OPTION_UNKNOWN', /'measure'.*'measures'/, scenario({ measure: {} })],
  ['SCENARIO_INVALID', /'test' has no setup/, scenario({ setup: 3 })],
  ['SCENARIO_INVALID', /until that is no function/, scenario({ until: true })],
  ['SCENARIO_INVALID', /lists no populations/, scenario({ populations: [] })],
  ['SCENARIO_INVALID', /lists no populations/, scenario({ populations: agent })],
  ['SCENARIO_INVALID', /lists no engines/, scenario({ engines: undefined })],
  ['SCENARIO_INVALID', /among its engines that is none \(kernel\)/, scenario({ engines: [{ name: 'kernel' }] })],
  ['SCENARIO_INVALID', /among its engines that is none \(null\)/, scenario({ engines: [null] })],
  ['SCENARIO_INVALID', /a command 'go' that is none/, scenario({ commands: { go: () => undefined } })],
  ['SCENARIO_INVALID', /A command has no apply/, () => defineCommand({ payload: { kind: 'doc' } } as never)],
  ['MEASURE_INVALID', /Measure 'all' is none/, scenario({ measures: { all: 3 } })],
  ['POPULATION_UNKNOWN', /Population 1 of scenario 'test' is not a population/, scenario({ populations: [agent, {}] })],
  ['POPULATION_UNKNOWN', /Measure 'all' uses population 'beast'/, scenario({ measures: { all: count(beast) } })],
  ['POPULATION_UNKNOWN', /'e' uses population 'beast'/, listed({ senses: { b: beast.pick() } })],
  ['POPULATION_UNKNOWN', /'e' uses population 'beast'/, listed({ population: beast })],
  ['POPULATION_UNKNOWN', /'e' uses population 'beast'/, scenario({ engines: [main({ writes: [beast] })()] })],
  ['POPULATION_UNKNOWN', /'e' uses population 'beast'/, scenario({ engines: [main({ reads: [beast.pick()] })()] })],
  [
    'POPULATION_UNKNOWN',
    /'a.to' uses population 'nobody'/,
    scenario({ populations: [definePopulation('a', { capacity: 1, columns: { to: ref('nobody') } })] }),
  ],
  [
    'COLUMN_INVALID',
    /'a.to' is an index of 'beast', whose rows move/,
    scenario({ populations: [beast, definePopulation('a', { capacity: 1, columns: { to: index(beast) } })] }),
  ],
  ['DUPLICATE_NAME', /Two populations are named 'agent'/, scenario({ populations: [agent, agent] })],
  ['DUPLICATE_NAME', /Two engines are named 'e'/, scenario({ engines: [engine({})(), main({})()] })],
  [
    'DUPLICATE_NAME',
    /Parameter 'a' is declared twice/,
    scenario({
      params: { a: { default: 1 } },
      engines: [engine({ params: { a: { default: 2 } } })()],
    }),
  ],
  ['CYCLE', /e -> e/, listed({ dependencies: ['e'] })],
  ['ENGINE_INVALID', /depends on 'f'/, listed({ dependencies: ['f'] })],
  [
    'EFFECT_INVALID',
    /'e' has an effect on 'agent.x', a float column.*fixed/,
    listed({ effects: { a: agent.pick('x') } }),
  ],
  ['EFFECT_INVALID', /'agent.age', a column that declares none/, listed({ effects: { a: agent.pick('age', 'n') } })],
  ['NAME_INVALID', /An engine/, engine({ name: '' })],
  ['COLUMN_UNKNOWN', /'agent' has no column 'agee'/, engine({ reads: ['agee'] })],
  ['COLUMN_UNKNOWN', /'agent' has no column 'agee'/, engine({ writes: ['agee'] })],
  ['POPULATION_UNKNOWN', /The population of engine 'e'/, engine({ population: { name: 'agent' } })],
  ['ENGINE_INVALID', /'e' has no option 'sense'.*'senses'/, engine({ sense: {} })],
  ['ENGINE_INVALID', /'e' has no option 'reads2'/, main({ reads2: [] })],
  ['ENGINE_INVALID', /'e' has no kernel/, engine({ kernel: undefined })],
  ['ENGINE_INVALID', /'e' has no update/, main({ update: 3 })],
  ['ENGINE_INVALID', /senses.a that is no access/, engine({ senses: { a: agent } })],
  ['ENGINE_INVALID', /effects.a that is no access/, engine({ effects: { a: null } })],
  ['ENGINE_INVALID', /weight 0/, engine({ weight: 0 })],
  ['ENGINE_INVALID', /weight 1.5/, engine({ weight: 1.5 })],
  ['ENGINE_INVALID', /weight NaN/, engine({ weight: Number.NaN })],
  ['ENGINE_INVALID', /main engine with a weight/, main({ weight: 0.5 })],
  ['ENGINE_INVALID', /main engine that sheds/, main({ sheds: true })],
  ['ENGINE_INVALID', /every 0/, engine({ every: 0 })],
  ['ENGINE_INVALID', /every 1.5/, main({ every: 1.5 })],
  ['ENGINE_INVALID', /phase -1/, engine({ phase: -1 })],
  ['ENGINE_INVALID', /priority NaN/, engine({ priority: Number.NaN })],
  ['ENGINE_INVALID', /no list of names/, engine({ dependencies: 'census' })],
  ['ENGINE_INVALID', /no list of names/, engine({ dependencies: [7] })],
]

test('a scenario that does not hold together is refused by name, with a remedy', async t => {
  for (const [code, named, define] of WRONG) refused(t, code, named, define)
})

test('parts that are bound by name must have the columns that the listed population has', async t => {
  const other = definePopulation('agent', { capacity: 10, columns: { height: u8(), n: i32({ effect: 'add' }) } })
  const named = /'agent' has no column 'height'/
  refused(t, 'COLUMN_UNKNOWN', named, listed({ population: other, reads: ['height'] }))
  refused(t, 'COLUMN_UNKNOWN', named, listed({ senses: { a: other.pick('height') } }))
  refused(t, 'COLUMN_UNKNOWN', named, scenario({ measures: { all: count(other, { height: 3 }) } }))
  t.ok(listed({ effects: { a: other.pick('n') } })())
})

test('one parameter may be shared by many parts, and be called as it likes', async t => {
  const params = defineParams({ constructor: { default: 1 }, a: { default: 2 } })
  const made = scenario({ params, engines: [engine({ params })()] })()
  t.strictSame(Object.keys(scenarioData(made)?.params ?? {}), ['constructor', 'a'])
})

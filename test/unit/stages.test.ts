import { test } from 'tap'
import { doc, ref, u8 } from '../../lib/memory/columns.js'
import { defineGrid } from '../../lib/memory/grid.js'
import { definePopulation } from '../../lib/memory/population.js'
import { type AnyEngine, defineEngine, defineMainEngine, type KernelEngine } from '../../lib/schedule/engine.js'
import { copiesOf, makeStages } from '../../lib/schedule/stages.js'
import { conflict } from '../../lib/schedule/touches.js'

const columns = { a: u8(), b: u8(), n: u8({ effect: 'add' }), m: u8({ effect: 'max' }) }
const agent = definePopulation('agent', { capacity: 10, columns })
const beast = definePopulation('beast', { capacity: 10, columns })
const kernel = () => () => undefined

type Name = 'a' | 'b' | 'n' | 'm'
interface Does {
  reads?: Name[]
  writes?: Name[]
  senses?: Name[]
  sensesBeasts?: Name[]
  adds?: ('n' | 'm')[]
  addsToBeasts?: ('n' | 'm')[]
}

function engine(name: string, does: Does, population = agent as typeof agent | typeof beast): KernelEngine {
  return defineEngine({
    name,
    population: population as typeof agent,
    reads: does.reads ?? [],
    writes: does.writes ?? [],
    senses: {
      ...(does.senses ? { agents: agent.pick(...does.senses) } : {}),
      ...(does.sensesBeasts ? { beasts: beast.pick(...does.sensesBeasts) } : {}),
    },
    effects: {
      ...(does.adds ? { agents: agent.pick(...does.adds) } : {}),
      ...(does.addsToBeasts ? { beasts: beast.pick(...does.addsToBeasts) } : {}),
    },
    kernel,
  })
}

const main = defineMainEngine({ name: 'main', update: () => undefined })
const shape = (engines: readonly AnyEngine[], fuse = true) =>
  makeStages(engines, fuse).map(s => (s.kind === 'main' ? s.engine.name : s.engines.map(e => e.name).join('+')))

// First engine, second engine, whether the second may run on a block before the first has run on all blocks.
const RULES: readonly [why: string, first: Does, second: Does, together: boolean][] = [
  ['nothing is shared', { writes: ['a'] }, { writes: ['b'] }, true],
  ['own rows are stepped in order', { writes: ['a'] }, { reads: ['a'], writes: ['a'] }, true],
  ['it would sense part of what is written', { writes: ['a'] }, { senses: ['a'] }, false],
  ['other columns may be sensed', { writes: ['a'] }, { senses: ['b'] }, true],
  ['the first would sense what it should not yet', { senses: ['a'] }, { writes: ['a'] }, false],
  ['both may sense', { senses: ['a'] }, { senses: ['a'], reads: ['a'] }, true],
  ['effects are merged when a stage ends, so not seen', { adds: ['n'] }, { senses: ['n'] }, false],
  ['effects are merged when a stage ends, so not read', { adds: ['n'] }, { reads: ['n'] }, false],
  ['effects are merged onto what was written before', { adds: ['n'] }, { writes: ['n'] }, false],
  ['an engine has its effects merged before the next has', { adds: ['n'] }, { adds: ['n'] }, false],
  ['effects on different columns', { adds: ['n'] }, { adds: ['m'] }, true],
  ['the second adds when the first has read', { reads: ['n'] }, { adds: ['n'] }, true],
  ['the second adds when the first has sensed', { senses: ['n'] }, { adds: ['n'] }, true],
  ['the second adds onto what the first wrote', { writes: ['n'] }, { adds: ['n'] }, true],
]

for (const [why, first, second, together] of RULES) {
  test(`${JSON.stringify(first)}, then ${JSON.stringify(second)}: ${why}`, async t => {
    const engines = [engine('x', first), engine('y', second)]
    t.strictSame(shape(engines), together ? ['x+y'] : ['x', 'y'])
    t.strictSame(shape(engines, false), ['x', 'y'], 'unfused, each is a stage')
  })
}

test('populations of one stage share nothing but what may be', async t => {
  const beasts = (does: Does) => engine('y', does, beast)
  t.strictSame(shape([engine('x', { writes: ['a'] }), beasts({ writes: ['a'] })]), ['x+y'], 'columns of one name')
  t.strictSame(shape([engine('x', { writes: ['a'] }), beasts({ senses: ['a'] })]), ['x', 'y'])
  t.strictSame(shape([engine('x', { sensesBeasts: ['a'] }), beasts({ writes: ['a'] })]), ['x', 'y'])
  t.strictSame(shape([engine('x', { addsToBeasts: ['n'] }), beasts({ reads: ['n'] })]), ['x', 'y'])
  t.strictSame(shape([engine('x', { addsToBeasts: ['n'] }), beasts({ reads: ['a'] })]), ['x+y'])
})

test('an engine joins a stage only if it gets on with all in it', async t => {
  const engines = [engine('x', { writes: ['a'] }), engine('y', { writes: ['b'] }), engine('z', { senses: ['a'] })]
  t.strictSame(shape(engines), ['x+y', 'z'])
  t.strictSame(shape([...engines, engine('w', { writes: ['b'] })]), ['x+y', 'z+w'], 'order is never changed')
})

test('a main engine ends a stage', async t => {
  t.strictSame(shape([engine('x', {}), main, engine('y', {}), engine('z', {})]), ['x', 'main', 'y+z'])
})

test('an engine is given copies of what it senses and writes, once each', async t => {
  const names = (does: Does) => copiesOf(engine('x', does)).map(c => `${c.population}.${c.column}`)
  t.strictSame(names({ writes: ['a', 'b'], senses: ['a', 'n'] }), ['agent.a'])
  t.strictSame(names({ writes: ['a'], sensesBeasts: ['a'] }), [])
  t.strictSame(names({ reads: ['a'], senses: ['a'] }), [])
  const twice = defineEngine({
    name: 'x',
    population: agent,
    writes: ['a'],
    senses: { one: agent.pick('a'), two: agent.pick('a', 'b') },
    kernel,
  })
  t.strictSame(copiesOf(twice), [{ population: 'agent', column: 'a' }])
})

test('sorted views count as sensed, by what they go by and what they copy, and need no copies of columns', async t => {
  const fish = definePopulation('fish', { capacity: 10, columns: { x: u8(), y: u8(), a: u8(), to: ref('agent') } })
  const sea = defineGrid('sea', { of: fish, x: 'x', y: 'y', width: 9, height: 9, cell: 1 })
  const swims = defineEngine({ name: 'swims', population: fish, writes: ['x'], kernel })
  const ages = defineEngine({ name: 'ages', population: fish, writes: ['a'], kernel })
  const turns = defineEngine({ name: 'turns', population: fish, writes: ['to'], kernel })
  const looks = (view: object) => defineEngine({ name: 'looks', population: agent, senses: { view }, kernel })
  const together = (writer: KernelEngine, view: object) => shape([writer, looks(view)]).length === 1
  t.equal(together(swims, sea.pick('a')), false, 'cells go by positions')
  t.equal(together(ages, sea.pick('a')), false)
  t.equal(together(ages, sea.pick('y')), true)
  t.equal(together(turns, fish.by('to', 'a')), false)
  t.equal(together(swims, fish.by('to', 'a')), true)
  t.equal(together(ages, fish.where({ a: 1 })), false)
  t.equal(together(ages, fish.where({})), true)
  t.strictSame(conflict(swims, looks(sea.pick())), ['fish.x'])
  const dies = defineEngine({ name: 'dies', population: agent, despawns: true, kernel })
  const counts = defineEngine({ name: 'counts', population: beast, senses: { view: fish.by('to') }, kernel })
  t.strictSame(conflict(dies, counts), ["the agents of 'agent'"], 'runs go by the rows of those named')
  const moves = defineEngine({
    name: 'moves',
    population: fish,
    writes: ['x', 'a'],
    senses: { v: sea.pick('x', 'a') },
    kernel,
  })
  t.strictSame(copiesOf(moves), [])
})

test('documents are counted before the agents whose documents they are come or go by another engine', async t => {
  const author = definePopulation('author', { capacity: 10, columns: { text: doc<string>(), a: u8() } })
  const writes = defineEngine({ name: 'writes', population: author, writes: ['text'], kernel })
  const ages = defineEngine({ name: 'ages', population: author, writes: ['a'], kernel })
  const dies = defineEngine({ name: 'dies', population: author, despawns: true, kernel })
  const bears = defineEngine({ name: 'bears', population: agent, spawns: { author }, kernel })
  t.strictSame(shape([writes, dies]), ['writes', 'dies'])
  t.strictSame(shape([writes, bears]), ['writes', 'bears'])
  t.strictSame(shape([ages, dies]), ['ages+dies'])
})

test('two engines conflict where one writes what the other touches', async t => {
  const between = (first: Does, second: Does) => conflict(engine('x', first), engine('y', second))
  t.strictSame(between({ writes: ['a', 'b'] }, { reads: ['a'], senses: ['b'] }), ['agent.a', 'agent.b'])
  t.strictSame(between({ reads: ['a'] }, { writes: ['a'] }), ['agent.a'], 'whichever comes first')
  t.strictSame(between({ writes: ['a'] }, { writes: ['a'] }), ['agent.a'])
  t.strictSame(between({ adds: ['n'] }, { writes: ['n'] }), ['agent.n'])
  t.strictSame(between({ adds: ['n'] }, { adds: ['n'] }), [])
  t.strictSame(between({ adds: ['n'] }, { adds: ['n'], reads: ['n'] }), ['agent.n'])
  t.strictSame(between({ reads: ['a'] }, { reads: ['a'], senses: ['a'] }), [])
  t.strictSame(conflict(main, engine('x', { reads: ['b'] })), ['agent.b'])
  t.strictSame(conflict(main, main), ['anything'])
})

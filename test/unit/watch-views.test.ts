// Which pictures a scenario has, from its declarations alone.
import t from 'tap'
import epidemic from '../../examples/epidemic.js'
import life from '../../examples/life.js'
import randomWalk from '../../examples/random-walk.js'
import { chooseView, viewsOf } from '../../lib/cli/watch/views.js'
import {
  type AnyPopulation,
  bool,
  defineLattice,
  definePopulation,
  enumeration,
  f32,
  f64,
  fixed,
  i16,
  index,
  ref,
  u32,
} from '../../lib/index.js'
import { populationData } from '../../lib/memory/population.js'
import { scenarioData } from '../../lib/run/scenario.js'
import meadow from '../fixtures/meadow.js'

const of = (...populations: AnyPopulation[]) => ({
  name: 'world',
  populations: populations.map(p => populationData(p, p.name)),
})
const names = (...populations: AnyPopulation[]) => viewsOf(of(...populations)).map(v => v.name)
const chosen = (scenario: unknown) =>
  chooseView(scenarioData(scenario) as NonNullable<ReturnType<typeof scenarioData>>, '')

t.test('of each example the best is chosen by itself', async t => {
  t.equal(chosen(life).name, 'cell.alive')
  t.match(chosen(life).layers[0].colour, { labels: ['not alive', 'alive'] })
  t.equal(chosen(randomWalk).name, 'walker')
  const people = chosen(epidemic)
  t.equal(people.name, 'person.state', 'what changes, not the cities')
  t.match(people.layers[0].place, {
    population: 'city',
    position: { x: 'lon', y: 'lat', geographic: true },
    link: { column: 'home', holdsRows: true },
  })
})

t.test('a lattice and those who stand on it are one picture', async t => {
  const { name, layers } = chosen(meadow)
  t.equal(name, 'all')
  t.same(
    layers.map(l => [l.population, l.colour.kind, l.place.link?.column]),
    [
      ['grass', 'labels', undefined],
      ['sheep', 'presence', undefined],
      ['wolf', 'presence', 'cell'],
    ],
    'labels before numbers, in the order of declaration',
  )
})

t.test('one population that moves on a lattice is coloured by its labels', async t => {
  const site = defineLattice('site', { width: 3, height: 3, columns: { free: bool() } })
  const home = definePopulation('home', { capacity: 9, columns: { at: index(site), kind: enumeration(['a', 'b']) } })
  t.match(chooseView(of(site, home), '').layers[1].colour, { kind: 'labels', column: 'kind' })
})

t.test('several populations with x and y are one picture, with all the others beside it', async t => {
  const at = { x: f32(), y: f32() }
  const bird = definePopulation('bird', { capacity: 9, columns: { ...at, speed: f32() } })
  const hawk = definePopulation('hawk', { capacity: 9, columns: at })
  t.same(names(bird, hawk), ['all', 'bird', 'bird.speed', 'hawk'])
  t.same(names(bird), ['bird', 'bird.speed'])
})

t.test('what has no place is shown in rows, where there is something to show', async t => {
  const trader = definePopulation('trader', { capacity: 9, columns: { cash: fixed({ unit: 0.01 }), knows: bool() } })
  t.same(names(trader), ['trader.knows', 'trader.cash'])
  t.match(chooseView(of(trader), '').layers[0].place.position, { kind: 'rows' })
  const edge = definePopulation('edge', { capacity: 9, columns: { one: ref(trader), other: ref(trader) } })
  t.same(names(edge), [])
  t.throws(() => chooseView(of(edge), undefined), { code: 'USAGE', message: /Nothing of 'world'/ })
})

t.test('wide columns and coordinates of others are no colours, references are no coordinates', async t => {
  const wide = definePopulation('wide', { capacity: 9, columns: { x: f32(), y: f64(), mind: f32({ size: 4 }) } })
  t.same(names(wide), ['wide'])
  const odd = definePopulation('odd', { capacity: 9, columns: { x: ref('self'), y: u32(), on: bool() } })
  t.same(names(odd), ['odd.on', 'odd.y'])
})

t.test('a view is named by population, column and link', async t => {
  const data = scenarioData(epidemic) as NonNullable<ReturnType<typeof scenarioData>>
  t.equal(chooseView(data, 'city').layers[0].colour.kind, 'presence')
  t.equal(chooseView(data, 'person.state@away').layers[0].place.link?.column, 'away')
  t.equal(chooseView(data, 'city.pressure').layers[0].colour.kind, 'value')
  const grass = scenarioData(meadow) as typeof data
  t.equal(chooseView(grass, 'grass').name, 'grass.grown', 'a population alone is its best view')
  t.throws(() => chooseView(data, 'person.sate'), {
    code: 'USAGE',
    message: /'epidemic' has no view 'person\.sate'.*Did you mean 'person\.state'.*city\.pressure/,
  })
})

t.test('x and y may be whole numbers, and longitudes have several names', async t => {
  for (const [x, y] of [
    ['x', 'y'],
    ['lng', 'lat'],
    ['longitude', 'latitude'],
  ]) {
    const p = definePopulation('p', { capacity: 9, columns: { [y]: i16(), [x]: i16() } })
    t.match(chooseView(of(p), 'p').layers[0].place.position, { x, y, geographic: x !== 'x' })
  }
})

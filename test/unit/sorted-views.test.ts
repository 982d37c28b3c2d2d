// When views are made anew, and when not; the edges of their meanings.
import { test } from 'tap'
import { planViews } from '../../lib/exchange/view-plan.js'
import { defineEngine, defineGrid, definePopulation, f32, f64, i16, ref, u8 } from '../../lib/index.js'
import { populationData } from '../../lib/memory/population.js'
import { bareView } from '../fixtures/bare-view.js'
import { refused } from '../fixtures/refused.js'

const town = definePopulation('town', { capacity: 10, columns: { n: u8() } })
const bird = definePopulation('bird', {
  capacity: 5000,
  columns: { x: f32(), y: f32(), z: f64(), cx: i16(), tag: u8(), home: ref(town) },
})
const flat = { of: bird, x: 'x', y: 'y', width: 10, height: 10, cell: 2 } as const
const torus = defineGrid('sky', { ...flat, torus: true })
const field = defineGrid('field', flat)
const apart = defineGrid('skies', { ...flat, torus: true, scope: 'partition' })

test('a view is made once, and again only when what it is made of has changed', async t => {
  const { world, view, build } = bareView([bird, town], bird.by('home', 'tag'))
  const birds = world.view('setup').population(bird)
  birds.spawnMany(100)
  const [home] = world.view('setup').population(town).spawnMany(3)
  const nothing = [0, 0, 0, 0, 0]
  const all = [1, 0, 0, 0, 1]
  t.strictSame(build(), all, 'never made before')
  t.strictSame(build(), nothing)
  world.view().population(bird).set(1, { home })
  t.strictSame(build(), all, 'a value was set')
  world
    .view()
    .population(bird)
    .update(({ tag }) => tag.fill(1))
  t.strictSame(build(), all, 'values were updated')
  world.view().population(bird).despawn(5)
  t.strictSame(build(), all, 'somebody died')
  world.view().population(town).despawn(home)
  t.strictSame(build(), all, 'somebody who was named died')
  view.noteKeys()
  t.strictSame(build(), all, 'an engine wrote the key')
  view.noteColumns()
  t.strictSame(build(), [0, 0, 0, 0, 1], 'an engine wrote what is copied only: nothing is sorted')
  t.strictSame(build(), nothing)
  const undo = world.memory.begin()
  world.view().population(bird).set(1, { tag: 9 })
  undo.restore()
  world.memory.commit()
  t.strictSame(build(), nothing, 'a change was undone')
})

test('few rows are sorted by one thread, many in shares', async t => {
  const { world, build } = bareView([bird, town], bird.by('home'), { threads: 2 })
  const birds = world.view('setup').population(bird)
  birds.spawnMany(2048)
  t.strictSame(build(), [1, 0, 0, 0, 1])
  birds.spawn()
  t.strictSame(build(), [2, 4, 4, 2, 4])
})

test('an empty population has empty runs', async t => {
  for (const access of [bird.by('home', 'tag'), bird.where({ tag: 1 }), torus.pick('x'), field.pick('x')]) {
    const { world, view, seen, build } = bareView([bird, town], access, { threads: 2 })
    world.view('setup').population(town).spawnMany(2)
    build()
    t.equal(view.length, 0)
    if (seen.length !== undefined) t.equal(seen.length, 0)
    if (seen.cellAt) t.equal(seen.first[seen.cellAt(1, 1) + 1], 0)
  }
})

test('a run counts an agent once for each of its values', async t => {
  const person = definePopulation('person', { capacity: 8, columns: { friends: ref('self', { size: 3 }), tag: u8() } })
  const { world, seen, build } = bareView([person], person.by('friends', 'tag'))
  const people = world.view('setup').population(person)
  people.spawn({ tag: 1 })
  people.spawn({ friends: [1, 1, 0], tag: 2 })
  people.spawn({ friends: [2, 9, 1], tag: 3 })
  build()
  const run = (row: number) =>
    Array.from({ length: seen.first[row + 1] - seen.first[row] }, (_, i) => seen.tag[seen.first[row] + i])
  t.strictSame([run(0), run(1), run(2)], [[2, 2, 3], [3], []])
})

test('the far side of a torus belongs to its last cell, whatever rounding makes of it', async t => {
  const { world, seen, build } = bareView([bird, town], torus.pick('x', 'y'))
  const birds = world.view('setup').population(bird)
  birds.spawn({ x: 10, y: Math.fround(9.9999999) })
  build()
  t.equal(seen.cellAt(10, 10), seen.cellAt(9.5, 9.5))
  t.equal(seen.row[seen.first[seen.cellAt(9.5, 9.5)]], 0)
  t.equal(seen.within(0.5, 9.5, 1), 1, 'it is seen across the edge')
  t.equal(seen.x[seen.found[0]], 0)
})

test('a side that an f32 rounds up is reached by what was rounded up to it', async t => {
  const odd = defineGrid('odd', { of: bird, x: 'x', y: 'y', width: 3.4, height: 3.4, cell: 1, torus: true })
  const { world, seen, build } = bareView([bird, town], odd.pick('x', 'y'))
  t.ok(Math.fround(3.4) > 3.4)
  world.view('setup').population(bird).spawn({ x: 3.4, y: 1 })
  build()
  t.equal(seen.row[seen.first[seen.cellAt(3.4, 1)]], 0)
  t.equal(seen.cellAt(Math.fround(3.4), 1), seen.cellAt(3.3, 1))
})

test('cellAt wraps around a torus, clamps to a bounded side, and never leaves the table', async t => {
  const around = bareView([bird, town], torus.pick()).seen
  for (const [x, inside] of [
    [-0.5, 9.5],
    [10.5, 0.5],
    [-1e-30, 9.5],
    [1e6 + 3, 3],
  ])
    t.equal(around.cellAt(x, 1), around.cellAt(inside, 1), `${x}`)
  const bounded = bareView([bird, town], field.pick()).seen
  for (const [x, inside] of [
    [-1e9, 0],
    [1e9, 9.9],
    [10, 9.9],
  ])
    t.equal(bounded.cellAt(x, 1), bounded.cellAt(inside, 1), `${x}`)
  for (const seen of [around, bounded])
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY])
      refused(t, 'POSITION_INVALID', /the coordinate (NaN|Infinity)/, () => seen.cellAt(1, wrong))
})

test('an exact multiple of a cell begins a cell, though its inverse is no exact number', async t => {
  const grid = defineGrid('g', { of: bird, x: 'x', y: 'y', width: 49 * 49, height: 0.3, cell: 49 })
  const { seen } = bareView([bird, town], grid.pick())
  for (let k = 0; k < 49; k++) t.equal(seen.cellAt(49 * k, 0) - seen.cellAt(0, 0), k)
  const tenths = defineGrid('h', { of: bird, x: 'x', y: 'y', width: 0.3, height: 1, cell: 0.1 })
  t.equal(bareView([bird, town], tenths.pick()).seen.stride, 3 + 2, '0.3 / 0.1 makes three cells')
})

test('positions that have no cell are refused with agent, grid and engine, the first in order first', async t => {
  const wrong: readonly [typeof torus, Record<string, number>][] = [
    [torus, { x: -0.001 }],
    [torus, { x: 10.01 }],
    [torus, { y: Number.POSITIVE_INFINITY }],
    [field, { y: Number.NEGATIVE_INFINITY }],
    [field, { x: Number.POSITIVE_INFINITY }],
  ]
  for (const threads of [1, 2])
    for (const [grid, values] of wrong) {
      const { world, build } = bareView([bird, town], grid.pick('x'), { threads })
      const birds = world.view('setup').population(bird)
      birds.spawnMany(2500, { partition: 'a' })
      birds.set(900, values)
      birds.set(2400, { x: Number.NEGATIVE_INFINITY })
      refused(t, 'POSITION_INVALID', /^Agent 900 of 'bird' is at \(.*grid '(sky|field)'.*engine 'watcher'/, build)
      birds.set(900, { x: 1, y: 1 })
      birds.set(2400, { x: 1 })
      t.equal(build()[0] > 0, true, 'after it is mended the view is made')
    }
  const { world, build } = bareView([bird, town], torus.pick('x'))
  world
    .view('setup')
    .population(bird)
    .spawnMany(1, { fill: ({ x }) => void (x[0] = Number.NaN) })
  refused(t, 'POSITION_INVALID', /\(NaN, 0\)/, build)
})

test('who is outside of a bounded grid counts in its border cells, where it is', async t => {
  const { world, seen, build } = bareView([bird, town], field.pick('x', 'y'))
  world.view('setup').population(bird).spawn({ x: -7, y: 30 })
  build()
  const i = seen.first[seen.cellAt(0, 9.9)]
  t.strictSame([seen.row[i], seen.x[i], seen.y[i]], [0, -7, 30])
  t.equal(seen.within(-8, 30, 1), 1)
  t.equal(seen.within(0.1, 9.9, 2), 0)
})

test('searches refuse what the cells do not reach', async t => {
  const { seen } = bareView([bird, town], torus.pick('x', 'y'))
  for (const radius of [2.1, -1, Number.NaN, undefined])
    refused(t, 'RADIUS_INVALID', /'sky' is asked for a radius of .*cell \* reach/, () => seen.within(1, 1, radius))
  for (const most of [-1, 1.5, Number.NaN])
    refused(t, 'RADIUS_INVALID', /a number of nearest agents/, () => seen.nearest(1, 1, most))
  t.equal(seen.nearest(1, 1, 0), 0)
  const blind = bareView([bird, town], torus.pick('x')).seen
  refused(t, 'GRID_INVALID', /'watcher' searches in grid 'sky' without its coordinates/, () => blind.within)
})

test('grids that do not hold together are refused by name', async t => {
  const grid = (o: object) => () => defineGrid('g', { ...flat, ...o } as never)
  const used = (o: object) => () => bareView([bird, town], grid(o)().pick())
  refused(t, 'NAME_INVALID', /A grid/, () => defineGrid('', flat))
  refused(t, 'OPTION_UNKNOWN', /'wdth'.*'width'/, grid({ wdth: 3 }))
  refused(t, 'POPULATION_UNKNOWN', /of grid 'g'/, grid({ of: {} }))
  refused(t, 'COLUMN_UNKNOWN', /no column 'w'/, grid({ x: 'w' }))
  refused(t, 'COLUMN_UNKNOWN', /no column 'w'/, () => (torus as { pick(c: string): unknown }).pick('w'))
  refused(t, 'GRID_INVALID', /'bird.home', which holds none/, grid({ x: 'home' }))
  refused(t, 'GRID_INVALID', /two coordinates from one column/, grid({ y: 'x' }))
  refused(t, 'GRID_INVALID', /a width of 0/, grid({ width: 0 }))
  refused(t, 'GRID_INVALID', /a depth but no z/, grid({ depth: 3 }))
  refused(t, 'GRID_INVALID', /a depth of undefined/, grid({ z: 'z' }))
  refused(t, 'GRID_INVALID', /a cell of NaN/, grid({ cell: Number.NaN }))
  refused(t, 'GRID_INVALID', /a reach of 4/, grid({ reach: 4 }))
  refused(t, 'GRID_INVALID', /the scope "town"/, grid({ scope: 'town' }))
  refused(t, 'GRID_INVALID', /a height of -1/, used({ height: () => -1 }))
  refused(
    t,
    'GRID_INVALID',
    /height of grid 'g' cannot be computed/,
    used({ height: (p: never) => (p as { a: { b: 1 } }).a.b }),
  )
  refused(t, 'GRID_INVALID', /a torus whose width of 10 has 2 cells of 4/, used({ torus: true, cell: 4 }))
  refused(t, 'GRID_INVALID', /whose height of 10 has 5 cells/, used({ torus: true, reach: 3, width: 100 }))
  refused(t, 'GRID_INVALID', /100000000 cells|cells, and/, used({ cell: 0.001 }))
  t.ok(used({ torus: true, reach: 2 })(), 'five cells are enough for a reach of two')
})

test('a partition that comes or is undone makes a view of partitions that are apart anew', async t => {
  for (const grid of [apart, defineGrid('fields', { ...flat, scope: 'partition' })]) {
    const { world, view, seen, here, build } = bareView([bird, town], grid.pick('x', 'y'))
    world.view('setup').population(bird).spawn({ x: 5, y: 5 })
    build()
    t.strictSame(build(), [0, 0, 0, 0, 0])
    const { runs } = view
    // What lies there is of no meaning before: as after a partition that was undone.
    seen.first.fill(7, runs + 1, 3 * runs)
    world.view().partition('a')
    t.strictSame(build(), [1, 0, 0, 0, 1], 'a partition came, though nobody to it')
    t.strictSame([view.runs, view.length], [2 * runs, 1])
    t.equal(seen.within(5, 5, 2), 1)
    here[0] = 1
    t.equal(seen.within(5, 5, 2), 0, 'nobody is where nobody lives')
    const undo = world.memory.begin()
    world.view().partition('b')
    undo.restore()
    world.memory.commit()
    t.strictSame(build(), [0, 0, 0, 0, 0], 'one came and was undone')
  }
})

test('partitions that are apart are sorted alike in any number of shares, wherever in them partitions begin', async t => {
  const partitions = 400 // of 49 cells, so that even few rows are sorted in shares
  // Agents by partition: one over many shares, several in one share, gaps, and more shares than blocks.
  const crowds: readonly (readonly [partition: number, agents: number])[][] = [
    [[0, 3000]],
    [[350, 2900]],
    [
      [2, 40],
      [3, 1],
      [7, 2000],
      [8, 17],
      [9, 900],
      [399, 3],
    ],
    Array.from({ length: 100 }, (_, i) => [i * 3, 30] as const),
    [
      [5, 2],
      [380, 20],
    ],
    [],
  ]
  for (const grid of [apart, defineGrid('fields', { ...flat, scope: 'partition' })])
    for (const crowd of crowds) {
      const made = [1, 2, 4].map(threads => {
        const { world, view, seen, build } = bareView([bird, town], grid.pick('x', 'z'), { threads })
        for (let p = 1; p < partitions; p++) world.view('setup').partition(String(p))
        const birds = world.view('setup').population(bird)
        for (const [partition, n] of crowd)
          birds.spawnMany(n, {
            partition: String(partition),
            fill({ x, y, z }) {
              for (let i = 0; i < n; i++) {
                x[i] = ((i * 37) % 100) / 10
                y[i] = ((i * 61) % 100) / 10
                z[i] = partition
              }
            },
          })
        t.equal(build(2)[1] > 0, threads > 1, `in shares where there are ${threads} threads`)
        birds.update(({ x }) => x.reverse()) // tables hold what was counted before
        build(1)
        const cells = view.runs / partitions
        for (let run = 0; run < view.runs; run++)
          if (seen.first[run] > seen.first[run + 1] || view.length > seen.row.length) throw new Error('runs overlap')
        const ids = new Map<number, Set<number>>()
        for (let p = 0; p < partitions; p++) {
          for (let i = seen.first[p * cells]; i < seen.first[(p + 1) * cells]; i++) {
            if (seen.z[i] !== p) t.fail(`an agent of partition ${seen.z[i]} is seen in ${p}`)
            ids.set(p, (ids.get(p) ?? new Set()).add(seen.id[i]))
          }
        }
        const counted = [...ids].map(([p, all]) => [p, all.size])
        if (JSON.stringify(counted) !== JSON.stringify(crowd)) t.strictSame(counted, crowd, 'who is where')
        const upTo = (array: Float64Array | Int32Array, n: number) => Buffer.from(array.slice(0, n).buffer)
        return [upTo(seen.first, view.runs + 1), upTo(seen.id, view.length), upTo(seen.x, view.length)]
      })
      for (const other of made.slice(1)) t.ok(made[0].every((array, k) => array.equals(other[k])))
    }
})

test('more partitions than a grid has room for are refused while it is looked into, and no fewer', async t => {
  const fine = defineGrid('fine', { ...flat, cell: 0.005, scope: 'partition' }) // 2,002 cells a side: 4 spaces are 2^24
  const { world, build } = bareView([bird, town], fine.pick('x'), { threads: 2 })
  world.view('setup').population(bird).spawn({ x: 1, y: 1 })
  for (const name of ['a', 'b', 'c']) world.view('setup').partition(name)
  t.equal(build()[1] > 0, true, 'four fit')
  const undo = world.memory.begin()
  world.view().partition('d')
  refused(t, 'GRID_INVALID', /has 5 partitions, and grid 'fine', which engine 'watcher' senses, has room for 4/, build)
  undo.restore()
  world.memory.commit()
  build()
  const finest = defineGrid('finest', { ...flat, cell: 0.002, scope: 'partition' })
  refused(t, 'GRID_INVALID', /25020004 cells in each partition, and 16777216/, () => bareView([bird], finest.pick()))
})

test('an effect on copies is refused', async t => {
  const effects = { birds: bird.by('home', 'tag') }
  refused(t, 'ENGINE_INVALID', /'e' has effects.birds that is no access/, () =>
    defineEngine({ name: 'e', population: bird, effects, kernel: () => () => undefined }),
  )
})

test('two grids of one name are one if they are alike, and refused if not', async t => {
  const all = [bird, town].map(p => populationData(p, p.name))
  const planned = (...grids: { pick(): unknown }[]) => {
    const senses = Object.fromEntries(grids.map((g, i) => [`g${i}`, g.pick() as object]))
    return planViews([defineEngine({ name: 'e', population: bird, senses, kernel: () => () => undefined })], all, {})
  }
  t.equal(planned(defineGrid('sky', flat), field, defineGrid('sky', flat)).length, 2)
  refused(t, 'DUPLICATE_NAME', /Two grids are named 'sky'/, () => planned(defineGrid('sky', flat), torus))
  refused(t, 'DUPLICATE_NAME', /Two grids are named 'field'/, () =>
    planned(field, defineGrid('field', { ...flat, scope: 'partition' })),
  )
})

test('runs by a column that names nobody, and matches of what is not there, are refused', async t => {
  const any = bird as { by(c: string): unknown; where(m: unknown): unknown }
  refused(t, 'COLUMN_INVALID', /'bird.x' are asked for, which names no agents/, () => any.by('x'))
  refused(t, 'COLUMN_UNKNOWN', /no column 'hom'/, () => any.by('hom'))
  refused(t, 'COLUMN_UNKNOWN', /no column 'tg'/, () => any.where({ tg: 1 }))
  refused(t, 'VALUE_INVALID', /'tag',/, () => any.where({ tag: 300 }))
  refused(t, 'VALUE_INVALID', /where of population 'bird' is given null/, () => any.where(null))
})

test('what matches the same values is one view, in whatever order they are written', async t => {
  const sensing = (name: string, sensed: ReturnType<typeof bird.where>) =>
    defineEngine({ name, population: bird, senses: { sensed }, kernel: () => () => undefined })
  const engines = [sensing('one', bird.where({ tag: 1, cx: 2 })), sensing('other', bird.where({ cx: 2, tag: 1 }))]
  t.strictSame(
    planViews(engines, [populationData(bird, 'bird')], {}).map(v => v.name),
    ['bird where cx = 2 and tag = 1'],
  )
})

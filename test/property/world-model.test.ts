// A world against its model: plain objects in lists, one a partition. Whatever is done, ids, values, order and density
// are the model's, and what was done since `begin` can be taken back to the byte.
import fc from 'fast-check'
import { test } from 'tap'
import { idOf } from '../../lib/core/ids.js'
import { f64, i16, ref, u8 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'

const CAPACITY = 160
const BLOCK = 32
const agent = definePopulation('agent', {
  capacity: CAPACITY,
  block: BLOCK,
  columns: { age: u8({ default: 4 }), pair: i16({ size: 2 }), wealth: f64({ default: -1 }), friend: ref('self') },
})
const other = definePopulation('other', { capacity: 100, block: BLOCK, columns: { age: u8() } })
const PARTITIONS = ['0', 'north', 'süd', 'x']

interface Agent {
  id: number
  age: number
  pair: readonly number[]
  wealth: number
  friend: number
}

type Operation =
  | { readonly do: 'spawn'; readonly partition: number; readonly age: number }
  | { readonly do: 'spawnMany'; readonly partition: number; readonly count: number }
  | { readonly do: 'despawn' | 'set'; readonly pick: number; readonly value: number }
  | { readonly do: 'update'; readonly partition: number | undefined; readonly value: number }

const partition = fc.nat(PARTITIONS.length - 1)
const pick = fc.nat(1_000_000)
const value = fc.integer({ min: -1000, max: 1000 })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('spawn' as const), partition, age: fc.nat(255) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('spawnMany' as const), partition, count: fc.nat(70) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('despawn' as const), pick, value }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), pick, value }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      partition: fc.option(partition, { nil: undefined }),
      value,
    }),
  },
)
const operations = fc.array(operation, { maxLength: 120, size: 'max' })

/** What a world should be. */
class Model {
  readonly lists = new Map<string, Agent[]>([['0', []]])
  readonly dead: number[] = []
  readonly #generations = new Array<number>(CAPACITY + 1).fill(0)
  readonly #slots = new Set<number>()

  get all(): Agent[] {
    return [...this.lists.values()].flat()
  }

  birth(name: string, age: number): number {
    let slot = 1
    while (this.#slots.has(slot)) slot++
    this.#slots.add(slot)
    const id = idOf(slot, this.#generations[slot])
    if (!this.lists.has(name)) this.lists.set(name, [])
    this.lists.get(name)?.push({ id, age, pair: [0, 0], wealth: -1, friend: 0 })
    return id
  }

  death(id: number): void {
    const list = [...this.lists.values()].find(l => l.some(a => a.id === id)) as Agent[]
    const at = list.findIndex(a => a.id === id)
    const last = list.pop() as Agent
    if (at < list.length) list[at] = last
    this.#slots.delete(id % 2 ** 32)
    this.#generations[id % 2 ** 32]++
    this.dead.push(id)
  }
}

const table = (bare: BareWorld) => bare.view().population(agent)

function apply(bare: BareWorld, model: Model, o: Operation): void {
  const agents = table(bare)
  const living = model.all
  const room = CAPACITY - living.length
  if (o.do === 'spawn' && room > 0) {
    same(agents.spawn({ age: o.age }, PARTITIONS[o.partition]), model.birth(PARTITIONS[o.partition], o.age))
  } else if (o.do === 'spawnMany' && o.count > 0 && room >= o.count) {
    const name = PARTITIONS[o.partition]
    const wanted = Array.from({ length: o.count }, (_, i) => model.birth(name, i))
    const fill = (c: { age: Uint8Array }) => c.age.set(c.age.map((_, i) => i))
    same([...agents.spawnMany(o.count, { partition: name, fill })], wanted)
  } else if (o.do === 'despawn' && living.length > 0) {
    const { id } = living[o.pick % living.length]
    same(agents.despawn(id), true)
    model.death(id)
    same(agents.despawn(id), false)
  } else if (o.do === 'set' && living.length > 0) {
    const a = living[o.pick % living.length]
    const friend = living[(o.pick * 7) % living.length].id
    Object.assign(a, { pair: [o.value, -o.value], wealth: o.value / 3, friend })
    same(agents.set(a.id, { pair: [o.value, -o.value], wealth: o.value / 3, friend }), true)
  } else if (o.do === 'update') {
    const name = o.partition === undefined ? undefined : PARTITIONS[o.partition]
    agents.update((c, ids) => {
      for (let i = 0; i < ids.length; i++) c.wealth[i] = ids[i] + o.value
    }, name)
    for (const [key, list] of model.lists)
      if (name === undefined || name === key) for (const a of list) a.wealth = a.id + o.value
  }
}

function same(found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`found ${a}, the model has ${b}`)
}

/** Rows, sizes, numbers of partitions and the density of blocks. */
function compare(bare: BareWorld, model: Model): void {
  const agents = table(bare)
  const key = (a: Agent) => [a.id, a.age, a.pair, a.wealth, a.friend]
  same([...agents.rows()].map(key), model.all.map(key))
  same(agents.size, model.all.length)
  same(
    [...(agents.column('pair') as Int16Array)],
    model.all.flatMap(a => a.pair),
  )
  same(bare.memory.partitions.names(), [...model.lists.keys()])
  for (const id of model.dead) same(agents.get(id), undefined)
  bare.memory.refresh()
  const { frames } = bare.memory.population('agent')
  const blocks = Array.from({ length: frames.blocks }, (_, i) => frames.blockList[i])
  same(
    blocks.map(frame => [frames.partitionOf[frame], frames.ordinal[frame], frames.rows[frame]]),
    [...model.lists.values()].flatMap((list, number) =>
      Array.from({ length: Math.ceil(list.length / BLOCK) }, (_, i) => [
        number,
        i,
        Math.min(BLOCK, list.length - i * BLOCK),
      ]),
    ),
  )
  same([...model.lists.values()].map((list, i) => frames.partitionRows[i] - list.length).filter(Boolean), [])
  same(new Set(blocks).size, blocks.length)
}

test('a world does what plain objects do', async t => {
  fc.assert(
    fc.property(operations, fc.boolean(), (list, shuffled) => {
      const bare = new BareWorld([other, agent])
      const { frames, layout } = bare.memory.population('agent')
      if (shuffled) frames.placement = Int32Array.from({ length: layout.frames }, (_, i) => layout.frames - 1 - i)
      const model = new Model()
      for (const o of list) apply(bare, model, o)
      compare(bare, model)
    }),
    { numRuns: 150, seed: 1 },
  )
  t.pass('on 150 random histories')
})

test('what was done since begin is taken back to the byte, and what is done after it stands', async t => {
  fc.assert(
    fc.property(operations, operations, operations, (before, undone, after) => {
      const bare = new BareWorld([other, agent], { turns: ['some'] })
      const model = new Model()
      for (const o of before) apply(bare, model, o)
      const bytes = bare.bytes()
      const log = bare.memory.begin()
      for (const o of undone) applyBlindly(bare, o)
      bare.memory.refresh() // a command's reads may make the block list anew
      log.restore()
      bare.memory.commit()
      if (!bytes.equals(bare.bytes())) throw new Error('not every byte was put back')
      for (const o of after) apply(bare, model, o)
      compare(bare, model)
    }),
    { numRuns: 80, seed: 2 },
  )
  t.pass('on 80 random histories')
})

/** The same operations on whoever lives, without a model. */
function applyBlindly(bare: BareWorld, o: Operation): void {
  const agents = table(bare)
  const ids = [...agents.rows()].map(r => r.id)
  const room = CAPACITY - agents.size
  if (o.do === 'spawn' && room > 0) agents.spawn({ age: o.age }, `${PARTITIONS[o.partition]}!`)
  if (o.do === 'spawnMany' && room >= o.count) agents.spawnMany(o.count, { partition: PARTITIONS[o.partition] })
  if (o.do === 'despawn' && ids.length > 0) agents.despawn(ids[o.pick % ids.length])
  if (o.do === 'set' && ids.length > 0) agents.set(ids[o.pick % ids.length], { wealth: o.value, pair: [1, o.value] })
  if (o.do === 'update') agents.update(c => void c.age.fill(9))
}

test('a commit lets changes stand', async t => {
  const bare = new BareWorld([agent])
  bare.memory.begin()
  const id = table(bare).spawn({ age: 5 })
  bare.memory.commit()
  const undo = bare.memory.begin()
  table(bare).set(id, { wealth: 8 })
  undo.restore()
  bare.memory.commit()
  t.strictSame(table(bare).get(id), { id, age: 5, pair: [0, 0], wealth: -1, friend: 0 })
})

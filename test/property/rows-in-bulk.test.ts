// Agents who come and go many at a time, as the commit of an engine has them, held against one at a time: byte for byte.
import fc from 'fast-check'
import { test } from 'tap'
import { MAX_GENERATIONS } from '../../lib/core/limits.js'
import { u8 } from '../../lib/memory/columns.js'
import { META } from '../../lib/memory/layout.js'
import { definePopulation } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'

const CAPACITY = 150
const agent = definePopulation('agent', { capacity: CAPACITY, block: 16, columns: { age: u8() } })

/** A world, and the agents alive in the order of rows. */
function world() {
  const bare = new BareWorld([agent], { turns: ['rarely'] })
  const view = bare.view('setup')
  const partitions = ['west', 'east'].map(name => view.partition(name))
  const population = bare.memory.population('agent')
  const alive = () => {
    const { id } = population
    return population.segments().flatMap(({ row, count }) => [...id.subarray(row, row + count)])
  }
  const age = population.columns.get('age')?.array as Uint8Array // declared above
  return { bare, population, partitions, alive, age }
}

const rounds = fc.array(
  fc.record({
    births: fc.array(fc.record({ east: fc.nat(1), n: fc.integer({ min: 1, max: 50 }) }), { maxLength: 3 }),
    /** One in so many dies. */
    mortality: fc.integer({ min: 1, max: 5 }),
    /** Slots of the dead whose last generation this was. */
    spent: fc.nat(3),
  }),
  { minLength: 1, maxLength: 8 },
)

test('births and deaths in bulk leave the same bytes as one after another', async t => {
  let lived = 0
  fc.assert(
    fc.property(rounds, given => {
      const [bulk, single] = [world(), world()]
      for (const [tick, { births, mortality, spent }] of given.entries()) {
        for (const { east, n } of births) {
          const wanted = Math.min(n, bulk.population.slots.room)
          for (let done = 0; done < wanted; ) {
            const { row, count } = bulk.population.bear(bulk.partitions[east], wanted - done, tick + 1)
            for (let i = row; i < row + count; i++) bulk.age[i] = bulk.population.id[i] % 251
            done += count
          }
          for (let k = 0; k < wanted; k++) {
            const [{ row }] = single.population.spawn(1, single.partitions[east], tick + 1, new Float64Array(1))
            single.age[row] = single.population.id[row] % 251
          }
        }
        for (const { population, alive } of [bulk, single])
          for (const id of alive().slice(0, spent)) {
            const last = id + (MAX_GENERATIONS - 1 - population.slots.generation[id >>> 0]) * 2 ** 32
            population.id[population.rowOf(id)] = last
            population.slots.generation[id >>> 0] = MAX_GENERATIONS - 1
          }
        const dead = bulk.alive().filter((_, i) => i % mortality === 0)
        bulk.population.removeAll(Float64Array.from(dead), dead.length)
        for (const id of dead) single.population.remove(single.population.rowOf(id))
        // What counts changes of structure counts a run of births once.
        for (const { population } of [bulk, single]) population.frames.meta[META.structure] = tick
        if (`${bulk.alive()}` !== `${single.alive()}`) throw new Error(`others live after round ${tick}`)
        if (bulk.bare.bytes().compare(single.bare.bytes()) !== 0) throw new Error(`bytes differ after round ${tick}`)
        lived += bulk.alive().length
      }
    }),
    { numRuns: 30 },
  )
  t.ok(lived > 1000, 'many lived')
})

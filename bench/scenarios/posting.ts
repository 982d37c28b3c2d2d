// Everybody writes two messages a tick to people picked by a hash of the writer, and a second engine reads what each
// received: sums that come out otherwise if one message is lost, doubled or read out of its order.
import {
  defineEngine,
  defineMessage,
  defineParams,
  definePopulation,
  defineScenario,
  f32,
  u32,
} from '../../lib/index.js'

/** Messages that each person writes in a tick. */
export const EACH = 2

/** People there may be: the capacity of a kind of message does not go with parameters. */
const MOST = 1_000_000

const params = defineParams({ people: { default: MOST, min: 1, max: MOST } })

export const person = definePopulation('person', {
  params,
  capacity: p => p.people,
  columns: { sum: f32(), trace: u32() },
})

const note = defineMessage('note', {
  to: person,
  capacity: MOST * EACH,
  columns: { stamp: u32(), weight: f32() },
})

/** A 32-bit integer hash (Wellons 2018, lowbias32): a bijection, so that no two messages have the same. */
export function scatter(n: number): number {
  let v = n
  v = Math.imul(v ^ (v >>> 16), 0x7feb352d)
  v = Math.imul(v ^ (v >>> 15), 0x846ca68b)
  return (v ^ (v >>> 16)) >>> 0
}

const write = defineEngine({
  name: 'write',
  population: person,
  params,
  sends: { note },
  kernel({ send, self: { id }, params: { people } }) {
    const { add, stamp, weight } = send.note
    const share = people / 2 ** 32
    return (begin, end, tick) => {
      for (let row = begin; row < end; row++) {
        for (let k = 0; k < EACH; k++) {
          const v = scatter(id[row] * EACH + k + Math.imul(tick, 0x9e3779b1))
          const at = add(row, 1 + Math.floor(v * share))
          stamp[at] = v
          weight[at] = (v & 1023) / 64
        }
      }
    }
  },
})

const read = defineEngine({
  name: 'read',
  population: person,
  dependencies: ['write'],
  writes: ['sum', 'trace'],
  receives: { note },
  kernel({ self: { sum, trace }, inbox }) {
    const { first, from, stamp, weight } = inbox.note
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        for (let i = first[row]; i < first[row + 1]; i++) {
          sum[row] = sum[row] / 2 + weight[i]
          trace[row] = Math.imul(trace[row], 31) + stamp[i] + from[i]
        }
      }
    }
  },
})

export default defineScenario({
  name: 'posting',
  params,
  populations: [person],
  engines: [write, read],
  setup(world, scope) {
    world.population(person).spawnMany(scope.params.people)
  },
})

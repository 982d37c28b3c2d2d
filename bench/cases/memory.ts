// What a world keeps in memory: that of a million people less that of a thousand, each in a process of its own, against
// the bytes of its columns, ids and slots; and whether worlds made and closed leave anything behind.
import { epidemic } from '../../examples/epidemic.js'
import { bytesOf } from '../../lib/memory/arrays.js'
import { type BenchCase, median } from '../harness.js'
import { measureMemory } from '../measure-memory.js'

const MEGABYTE = 1e6
/** Slots: a row, a generation, a bit that says free; and the id. */
const BYTES_OF_SLOT = 4 + 4 + 1 / 8
const BYTES_OF_ID = 8
/** What may be left after forty more worlds: pages that an allocator keeps, no world's. */
const MOST_LEFT = 10

export const memory: BenchCase = {
  name: 'memory',
  about: 'resident memory in megabytes of 10^6 bytes (1M people and 50 worlds in a full run)',
  rounds: 3,
  async run({ smoke, rounds }) {
    const people = smoke ? 50_000 : 1_000_000
    const ticks = 20
    const large: number[] = []
    const small: number[] = []
    const work = []
    const { work: expected } = await measureMemory({ kind: 'world', people, workers: 0, ticks })
    for (let round = 0; round < (smoke ? 1 : rounds); round++) {
      const one = await measureMemory({ kind: 'world', people, workers: 1, ticks })
      work.push({ what: `hash of ${people} people on 1 worker, against inline`, found: one.work, expected })
      large.push(one.resident[0] / MEGABYTE)
      small.push((await measureMemory({ kind: 'world', people: 1000, workers: 1, ticks })).resident[0] / MEGABYTE)
    }
    const cycles = smoke ? 6 : 50
    const every = smoke ? 2 : 10
    const many = await measureMemory({ kind: 'cycles', cycles, every, rows: smoke ? 20_000 : 200_000 })
    work.push({ what: 'worlds made, run and closed', found: many.work, expected: String(cycles) })
    const after = many.resident.map(bytes => bytes / MEGABYTE)
    const [, person] = epidemic.populations
    const columns = Object.values(person.columns).reduce((n, column) => n + bytesOf(column.kind), 0)
    const own = (people * (columns + BYTES_OF_ID + BYTES_OF_SLOT)) / MEGABYTE
    const difference = median(large) - median(small)
    const bound = 1.3 * own + 20
    const left = after[after.length - 1] - after[0]
    return {
      lines: [
        { name: `${people} people`, unit: 'MB', samples: large },
        { name: '1000 people', unit: 'MB', samples: small },
        ...after.map((figure, i) => ({ name: `after world ${(i + 1) * every}`, unit: 'MB', samples: [figure] })),
      ],
      targets: [
        {
          claim: `the difference at most 1.3 x ${own.toFixed(1)} + 20 = ${bound.toFixed(1)} MB`,
          figure: difference,
          unit: 'MB',
          holds: difference <= bound,
        },
        {
          claim: `growth from world ${every} to ${cycles} at most ${MOST_LEFT} MB`,
          figure: left,
          unit: 'MB',
          holds: left <= MOST_LEFT,
        },
      ],
      work,
    }
  },
}

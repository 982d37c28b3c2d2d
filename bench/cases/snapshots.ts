// Snapshots and diffs: how much smaller than the state, how long they take, on how many threads. The state is that of the
// epidemic, and of the town; 1% of the people change between the two states of a diff.
import { Simulation } from '../../lib/index.js'
import { inlineCodec } from '../../lib/state/codec.js'
import { CodecPool } from '../../lib/state/codec-pool.js'
import { decodeChanges, decodeWhole, encodeChanges, encodeWhole } from '../../lib/state/coding.js'
import { joinParts } from '../../lib/state/container.js'
import { imageBytes, type StateImage } from '../../lib/state/image.js'
import { WorldState } from '../../lib/state/world-state.js'
import { type BenchCase, fasterBy, interleave, milliseconds, type Target, type Work } from '../harness.js'

const example = (name: string) => new URL(`../../examples/${name}.js`, import.meta.url)
const size = (parts: readonly Uint8Array[]) => parts.reduce((n, part) => n + part.length, 0)

function times(what: string, figure: number, least: number): Target {
  return { claim: `${what} at least ${least} times`, figure, unit: 'x', holds: figure >= least }
}

/** A world at a tick, its hash, and the same with 1% of the agents of a population changed. */
async function twoStates(name: string, params: object, ticks: number, population: string, column: string) {
  await using sim = await Simulation.create(example(name), { workers: 2, seed: 7, params })
  await sim.run({ ticks })
  const first = await sim.captureImage()
  const hash = await sim.hash()
  const { memory } = sim.internals.world
  const table = memory.population(population)
  const bound = table.columns.get(column)
  if (!bound) throw new Error(`'${population}' has no column '${column}'`)
  for (let row = 0; row < table.layout.rows; row++) {
    const drawn = Math.imul(row + 1, 0x9e3779b1) >>> 0 // scattered, as changes are in a world that goes on
    if (table.id[row] > 0 && (drawn ^ (drawn >>> 15)) % 100 === 0) bound.array[row] = bound.array[row] === 0 ? 1 : 0
  }
  return { first, hash, second: await sim.captureImage(), changed: await sim.hash() }
}

async function sizeOf(image: StateImage): Promise<number> {
  return imageBytes(image.sections) / size((await encodeWhole(image, inlineCodec)).parts)
}

export const snapshots: BenchCase = {
  name: 'snapshots',
  about: 'snapshots and diffs of the epidemic (1M people in a full run), milliseconds',
  rounds: 15,
  async run({ smoke, rounds }) {
    const people = smoke ? { people: 20_000, cities: 1000 } : {}
    const { first, second, hash, changed } = await twoStates('epidemic', people, smoke ? 5 : 40, 'person', 'state')
    const town = await twoStates(
      'town',
      smoke ? { people: 500 } : { people: 20_000 },
      smoke ? 10 : 200,
      'person',
      'hunger',
    )
    const one = new CodecPool(1)
    const two = new CodecPool(2)
    const whole = await encodeWhole(first, inlineCodec)
    const diff = await encodeChanges(second, whole.sealed, inlineCodec)
    const file = joinParts(whole.parts)
    const coders = { inline: inlineCodec, '1 thread': one, '2 threads': two }
    const samples = await interleave(
      [
        ...Object.entries(coders).map(([name, codec]) => ({
          name: `snapshot, ${name}`,
          round: () => milliseconds(() => encodeWhole(first, codec)),
        })),
        { name: 'diff, inline', round: () => milliseconds(() => encodeChanges(second, whole.sealed, inlineCodec)) },
        { name: 'read a snapshot, inline', round: () => milliseconds(() => decodeWhole(file, inlineCodec)) },
        { name: 'read a snapshot, 2 threads', round: () => milliseconds(() => decodeWhole(file, two)) },
      ],
      rounds,
      2,
    )
    const read = await decodeWhole(file, two)
    const applied = await decodeChanges(joinParts(diff.parts), read, two)
    const work: Work[] = [
      { what: 'hash of what a snapshot holds', found: new WorldState(read).hash(), expected: hash },
      { what: 'hash of what a diff leads to', found: new WorldState(applied).hash(), expected: changed },
      { what: 'name of a state coded by threads', found: (await encodeWhole(first, two)).sealed.id, expected: read.id },
    ]
    await one.close()
    await two.close()
    return {
      lines: [...samples].map(([name, all]) => ({ name, unit: 'ms', samples: all })),
      targets: [
        fasterBy(samples, 'snapshot, 2 threads', 'snapshot, 1 thread', 1.7),
        fasterBy(samples, 'diff, inline', 'snapshot, inline', 10),
        times('a diff of 1% smaller than the snapshot', size(whole.parts) / size(diff.parts), 20),
        times('the snapshot of the epidemic smaller than its state', await sizeOf(first), 5),
        times('the snapshot of the town smaller than its state', await sizeOf(town.first), 5),
      ],
      work,
    }
  },
}

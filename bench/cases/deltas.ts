// What telling every tick costs, of a world in which one row in a hundred changes, and how large a delta is: beside the
// same ticks without a subscriber. The mirror that took all of it has to have the world's hash.
import { Simulation } from '../../lib/index.js'
import { Mirror } from '../../lib/mirror.js'
import {
  type BenchCase,
  type Contender,
  interleave,
  type Line,
  median,
  milliseconds,
  quotients,
  samplesOf,
  type Target,
  type Work,
} from '../harness.js'
import type scenario from '../scenarios/flicker.js'

const URL_OF_FLICKER = new URL('../scenarios/flicker.js', import.meta.url)
const CREWS = { inline: 0, '1 worker': 1, '2 workers': 2 }

/** Most times as long that a tick may take that is told: the comparison is beside the next ticks. */
const MOST = 1.5

/** Most bytes of a change: a value of one byte, its place, and the message's own. */
const MOST_BYTES = 3

export const deltas: BenchCase = {
  name: 'deltas',
  about:
    'ticks of which each is told to a subscriber, milliseconds a tick (1M agents, 1% of them changing, in a full run)',
  rounds: 15,
  async run({ smoke, rounds }) {
    const agents = smoke ? 20_000 : 1_000_000
    const ticks = 8
    const contenders: Contender[] = []
    const work: Work[] = []
    const sizes: number[] = []
    const told = new Map<string, { sim: Simulation<typeof scenario>; mirror: Mirror; messages: Uint8Array[] }>()
    const sims: Simulation<typeof scenario>[] = []
    for (const [crew, workers] of Object.entries(CREWS)) {
      const create = () => Simulation.create<typeof scenario>(URL_OF_FLICKER, { workers, seed: 7, params: { agents } })
      const plain = await create()
      const sim = await create()
      const mirror = new Mirror()
      const messages: Uint8Array[] = []
      sim.on('delta', ({ bytes, keyframe }) => {
        messages.push(bytes)
        if (!keyframe) sizes.push(bytes.length)
      })
      told.set(crew, { sim, mirror, messages })
      sims.push(plain)
      contenders.push(
        { name: crew, round: async () => (await milliseconds(() => plain.run({ ticks }))) / ticks },
        {
          name: `${crew}, told`,
          async round() {
            const each = (await milliseconds(() => sim.run({ ticks }))) / ticks
            for (const message of messages.splice(0)) mirror.apply(message) // in another process, mostly: not measured
            return each
          },
        },
      )
    }
    const samples = await interleave(contenders, rounds, 2)
    for (const [crew, { sim, mirror }] of told) {
      work.push({
        what: `hash of the mirror of ${crew} after ${sim.tick} ticks`,
        found: mirror.hash(),
        expected: await sim.hash(mirror.filter),
      })
      await sim.close()
    }
    for (const sim of sims) await sim.close()
    const ratios = Object.keys(CREWS).map((crew): Line => {
      const figures = quotients(samplesOf(samples, `${crew}, told`), samplesOf(samples, crew))
      return { name: `${crew}: told to not told`, unit: 'x', samples: figures }
    })
    const perChange = median(sizes) / (agents / 100)
    const targets: Target[] = ratios.map(({ name, samples: figures }) => {
      const figure = median(figures)
      return { claim: `${name}: at most ${MOST}`, figure, unit: 'x', holds: figure <= MOST }
    })
    targets.push({
      claim: `at most ${MOST_BYTES} bytes a change`,
      figure: perChange,
      unit: 'bytes',
      holds: perChange <= MOST_BYTES,
    })
    return {
      lines: [
        ...contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
        ...ratios,
        { name: 'a delta', unit: 'bytes', samples: sizes },
      ],
      targets,
      work,
    }
  },
}

// Ten thousand agents who think as long as those of the town (examples/town.ts) live, a share of whom put a question to a
// service in each tick.
import { defineAsk, defineEngine, defineParams, definePopulation, defineScenario, doc, f64, later, u32 } from 'populace'

const params = defineParams({ agents: { default: 10_000 }, share: { default: 0.1 }, thoughts: { default: 800 } })

const thinker = definePopulation('thinker', {
  params,
  capacity: p => p.agents,
  columns: { mood: f64({ default: 0.5 }), heard: u32() },
})

const think = defineAsk('think', {
  service: 'llm',
  by: thinker,
  question: doc<{ readonly n: number }>(),
  answer: doc<{ readonly n: number }>(),
  timeoutTicks: 100,
  pending: 64,
})

const muse = defineEngine({
  name: 'muse',
  population: thinker,
  params,
  writes: ['mood', 'heard'],
  asks: { think },
  hears: { think },
  kernel({ self: { mood, heard, id }, ask, answers, random, params: { share, thoughts } }) {
    const { think } = answers
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        let m = mood[row]
        for (let i = 0; i < thoughts; i++) m = 3.9 * m * (1 - m)
        mood[row] = m
        heard[row] += think.first[row + 1] - think.first[row]
        if (random.chance(row, share)) ask.think(row, { n: id[row] })
      }
    }
  },
})

export default defineScenario({
  name: 'questions',
  params,
  populations: [thinker],
  engines: [muse],
  services: { llm: later(1, ({ n }: { readonly n: number }) => ({ n })) },
  setup(world, { params: { agents } }) {
    world.population(thinker).spawnMany(agents)
  },
})

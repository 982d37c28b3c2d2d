// Mirrors of whole simulations: the same bytes on any number of workers, and the hash of the world's part at every delta.
import t from 'tap'
import { type Delta, Simulation, type StreamOptions } from '../../lib/index.js'
import { Mirror } from '../../lib/mirror.js'
import { EXAMPLES, plain } from '../fixtures/example-runs.js'
import { nameless } from '../fixtures/nameless.js'

const LONG = process.env.POPULACE_LONG === '1'
const diaries = new URL('../fixtures/diaries.js', import.meta.url)

const exampleOf = (name: string) => {
  const found = EXAMPLES.find(example => example.name === name)
  if (!found) throw new Error(`there is no example '${name}'`)
  return { scenario: plain(found), params: found.params }
}

interface Case {
  readonly what: string
  readonly scenario: URL
  readonly params: Record<string, number | string | undefined>
  readonly ticks: number
  readonly streams: readonly StreamOptions[]
}

const CASES: readonly Case[] = [
  {
    what: 'towns, with births, deaths, moves and letters',
    ...exampleOf('town'),
    ticks: 50,
    streams: [
      {},
      { populations: ['person'], columns: ['money', 'doing', 'home'], every: 3, measures: true },
      {
        populations: ['person', 'shop'],
        partitions: ['15 São Paulo, BR', '4 Mumbai, IN', 'nowhere'],
        keyframeEvery: 7,
      },
    ],
  },
  {
    what: 'wolves and sheep, with births and deaths',
    ...exampleOf('wolf-sheep'),
    ticks: 20,
    streams: [{}, { populations: ['wolf', 'sheep'], every: 2 }, { columns: ['energy'], keyframeEvery: 5 }],
  },
  {
    what: 'people who keep diaries, and a main engine that gives and takes lives',
    scenario: diaries,
    params: { people: 60 },
    ticks: 30,
    streams: [{}, { columns: ['diary', 'mood'], every: 4 }, { partitions: ['town'], keyframeEvery: 3 }],
  },
]

for (const { what, scenario, params, ticks, streams } of CASES)
  t.test(`${what}: the same deltas on any number of workers, each to the hash of the world's part`, async t => {
    let expected: string[][] | undefined
    for (const workers of [0, 1, 2, 3]) {
      await using sim = await Simulation.create(scenario, { workers, seed: 7, params })
      const told: Delta[][] = streams.map(() => [])
      const mirrors = streams.map(() => new Mirror())
      streams.forEach((stream, i) => {
        sim.on('delta', delta => told[i].push(delta), stream)
      })
      sim.on('failed', error => t.fail(error.message))
      for (let tick = 0; tick <= ticks; tick++) {
        if (tick > 0) await sim.run({ ticks: 1 })
        for (const [i, { every = 1, measures }] of streams.entries()) {
          if (sim.tick % every !== 0 || tick === 0) continue
          for (const { bytes } of told[i].slice(mirrors[i].tick < 0 ? 0 : -1)) mirrors[i].apply(bytes)
          t.equal(mirrors[i].tick, sim.tick)
          t.equal(mirrors[i].hash(), await sim.hash(mirrors[i].filter), `stream ${i}, tick ${sim.tick}`)
          if (measures) t.strictSame(mirrors[i].measures, sim.measures)
        }
      }
      const digests = told.map(deltas => deltas.map(({ bytes }) => nameless(bytes)))
      expected ??= digests
      t.strictSame(digests, expected, `${workers} workers`)
      streams.forEach(({ every = 1, keyframeEvery = Number.POSITIVE_INFINITY }, i) => {
        const due = Array.from({ length: Math.floor(ticks / every) + 1 }, (_, n) => n * every)
        t.strictSame(
          told[i].map(({ tick }) => tick),
          due,
          'each tick that was due, once',
        )
        const keyframes = due.filter((_, n) => n === 0 || n % keyframeEvery === 0)
        t.strictSame(
          told[i].filter(d => d.keyframe).map(d => d.tick),
          keyframes,
        )
      })
    }
  })

t.test('a run of many ticks tells each of them, in the same bytes as one run a tick', async t => {
  const { scenario, params } = exampleOf('wolf-sheep')
  const digests: string[][] = []
  for (const [workers, spans] of [
    [0, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    [2, [12]],
    [1, [5, 7]],
  ] as const) {
    await using sim = await Simulation.create(scenario, { workers, seed: 7, params })
    const told: string[] = []
    sim.on('delta', ({ bytes }) => told.push(nameless(bytes)))
    for (const ticks of spans) await sim.run({ ticks })
    t.equal(told.length, 13)
    digests.push(told)
  }
  t.strictSame(digests[1], digests[0])
  t.strictSame(digests[2], digests[0])
})

t.test('a mirror of the towns stays whole for thousands of ticks', async t => {
  const ticks = LONG ? 10_000 : 1000
  const { scenario } = exampleOf('town')
  const params = { people: 600, cities: 8, aging: 2, travel: 0.2 }
  await using sim = await Simulation.create(scenario, { workers: 1, seed: 11, params })
  const mirror = new Mirror()
  let keyframe: Delta | undefined
  sim.on('failed', error => t.fail(error.message))
  sim.on('delta', ({ bytes }) => mirror.apply(bytes))
  sim.on('delta', delta => void (keyframe = delta), { every: 100, keyframeEvery: 1 })
  for (let done = 0; done < ticks; done += 100) {
    await sim.run({ ticks: 100 })
    const whole = new Mirror()
    whole.apply((keyframe as Delta).bytes)
    const hash = await sim.hash(mirror.filter)
    t.equal(mirror.tick, sim.tick)
    t.equal(mirror.hash(), hash, `tick ${sim.tick}, by changes alone`)
    t.equal(whole.tick, sim.tick)
    t.equal(whole.hash(), hash, 'by its keyframe')
  }
  t.ok(sim.counters.populations.person.born > ticks / 50, 'people were born')
  t.equal(sim.counters.populations.person.born - sim.counters.populations.person.died, mirror.population('person').size)
})

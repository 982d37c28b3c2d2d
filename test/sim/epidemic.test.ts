// The epidemic among cities: its world, and its days held against the same rules written as plain loops over objects.
import t from 'tap'
import type scenario from '../../examples/epidemic.js'
import { city, person } from '../../examples/epidemic.js'
import { unitFloat } from '../../lib/core/sequence.js'
import { PURPOSE, streamKey, threefry } from '../../lib/core/threefry.js'
import { Simulation } from '../../lib/index.js'

const url = new URL('../../examples/epidemic.js', import.meta.url)
const SEED = 5

type Sim = Simulation<typeof scenario>
type Params = NonNullable<Parameters<typeof Simulation.create<typeof scenario>>[1]>['params']
const create = (params: Params, workers = 0) => Simulation.create<typeof scenario>(url, { workers, seed: SEED, params })

interface Person {
  readonly id: number
  readonly home: number
  readonly away: number
  state: string
}

const peopleOf = (sim: Sim): Person[] => [...sim.world.population(person).rows()].map(row => ({ ...row }))

/** The number of an agent that was never anybody else's slot, in [0, 1). */
function draw(engine: string, tick: number, id: number): number {
  const key = streamKey(SEED, engine, PURPOSE.kernel, tick)
  const words = new Int32Array(2)
  threefry(key[0], key[1], id, 0, words, 0)
  return unitFloat(words[0], words[1])
}

/** One day by the rules: whom one meets at home and away, who recovers, who catches it. */
function day(people: readonly Person[], tick: number, p: { beta: number; gamma: number; hoursAway: number }): void {
  const hours = new Map<number, { all: number; infected: number }>()
  const hoursHome = 24 - p.hoursAway
  for (const { home, away, state } of people) {
    for (const [place, spent] of [
      [home, hoursHome],
      [away, p.hoursAway],
    ]) {
      const at = hours.get(place) ?? { all: 0, infected: 0 }
      hours.set(place, { all: at.all + spent, infected: at.infected + (state === 'I' ? spent : 0) })
    }
  }
  const met = (place: number) => {
    const at = hours.get(place)
    return at && at.infected > 0 ? at.infected / at.all : 0
  }
  for (const one of people) if (one.state === 'I' && draw('recover', tick, one.id) < p.gamma) one.state = 'R'
  for (const one of people) {
    const force = (p.beta * (hoursHome * met(one.home) + p.hoursAway * met(one.away))) / 24
    if (one.state === 'S' && draw('catch', tick, one.id) < 1 - Math.exp(-force)) one.state = 'I'
  }
}

for (const hoursAway of [0, 7.5, 24]) {
  t.test(`days with ${hoursAway} hours away go by as the rules say`, async t => {
    const params = { people: 2000, cities: 300, beta: 1.5, gamma: 0.2, seeds: 40, hoursAway }
    await using sim = await create(params, 1)
    const expected = peopleOf(sim)
    for (let tick = 0; tick < 12; tick++) {
      day(expected, tick, params)
      await sim.run({ ticks: 1 })
      t.strictSame(
        peopleOf(sim).map(one => one.state),
        expected.map(one => one.state),
      )
    }
    t.ok(sim.measures.I > 40 && sim.measures.R > 40 && sim.measures.S > 0, 'all of it happened')
  })
}

t.test('people settle in the order of cities, and the hours there add up', async t => {
  const people = 30_000
  await using sim = await create({ people, hoursAway: 10 })
  const all = peopleOf(sim)
  const cities = [...sim.world.population(city).rows()]
  t.equal(all.length, people)
  t.equal(cities.length, 135_233)
  t.ok(all.every((one, i) => i === 0 || one.home >= all[i - 1].home))
  t.ok(
    all.every(one => one.away !== one.home && cities[one.away].inhabitants > 0),
    'everybody goes to another city',
  )
  const hours = new Float64Array(cities.length)
  for (const one of all) {
    hours[one.home] += 14
    hours[one.away] += 10
  }
  t.ok(cities.every((c, i) => Math.abs(c.present - hours[i]) < 1e-6))
  t.strictSame(sim.measures, { S: people - 100, I: 100, R: 0 })
})

t.test('with no hour away no city catches it from another', async t => {
  await using sim = await create({ people: 20_000, cities: 50, seeds: 3, beta: 2, gamma: 0, hoursAway: 0 })
  const sick = () => new Set(peopleOf(sim).flatMap(one => (one.state === 'I' ? [one.home] : [])))
  const before = sick()
  await sim.run({ ticks: 60 })
  t.strictSame(sick(), before)
  t.ok(sim.measures.I > 100)
})

t.test('in one city home is where one goes', async t => {
  await using sim = await create({ people: 500, cities: 1 })
  t.ok(peopleOf(sim).every(one => one.home === 0 && one.away === 0))
})

t.test('more first infected than people are all of them, and none are none', async t => {
  await using full = await create({ people: 50, cities: 3, seeds: 1000 })
  t.equal(full.measures.I, 50)
  await using none = await create({ people: 50, cities: 3, seeds: 0 })
  await none.run({ ticks: 5 })
  t.strictSame(none.measures, { S: 50, I: 0, R: 0 })
})

t.test('parts of people and of cities are refused', async t => {
  await t.rejects(create({ people: 10.5, cities: 3 }), { code: 'VALUE_INVALID' })
  await t.rejects(create({ people: 10, cities: 1.5 }), { code: 'SETUP_FAILED', message: /1\.5 cities/ })
})

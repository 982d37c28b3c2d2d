// An epidemic among people who live in the cities of the world and spend part of each day in another one. SIR: they
// are susceptible, infected, then recovered for good. It is not a forecast of any disease.
// A tick is a day. Census, recover, catch in this order, and a chance of 1 - exp(-force), give the known final size of
// an outbreak: with one city, z = 1 - exp(-z beta / gamma) of the people have had it in the end.
import {
  count,
  defineEngine,
  defineParams,
  definePopulation,
  defineScenario,
  enumeration,
  f32,
  f64,
  fixed,
  index,
  type SetupScope,
  u32,
  type World,
} from 'populace'
import { Commuting } from './support/commuting.js'
import { ALL_CITIES, loadAtlas, settle } from './support/geography.js'

const params = defineParams({
  people: { default: 1_000_000, min: 1, max: 100_000_000, about: 'people in the world' },
  cities: { default: ALL_CITIES, min: 1, max: ALL_CITIES, about: 'how many cities, the most populous; 1: well mixed' },
  beta: { default: 0.3, min: 0, max: 100, about: 'infections a day per infected person while all are susceptible' },
  gamma: { default: 0.1, min: 0, max: 1, about: 'probability to recover in a day' },
  seeds: {
    default: 100,
    min: 0,
    max: 100_000_000,
    about: 'people infected at the start; all when more than there are',
  },
  hoursAway: { default: 8, min: 0, max: 24, about: 'hours of the day that people spend in another city' },
})

/** Times are whole minutes, so that their sums are exact whoever adds them first; hosts are shown hours. */
const HOUR = 1 / 60
const DAY = 24 * 60

export const city = definePopulation('city', {
  params,
  capacity: p => p.cities,
  permanent: true,
  columns: {
    lat: f32(),
    lon: f32(),
    inhabitants: u32(),
    /** Hours a day that people are there, all of them together. */
    present: fixed({ unit: HOUR }),
    /** Those of the infected. */
    infected: fixed({ unit: HOUR, effect: 'add', reset: 'tick' }),
    /** Share of the infected among those one meets there. */
    pressure: f64(),
  },
})

export const person = definePopulation('person', {
  params,
  capacity: p => p.people,
  columns: { home: index(city), away: index(city), state: enumeration(['S', 'I', 'R']) },
})
const { S, I, R } = person.columns.state.codes

const census = defineEngine({
  name: 'census',
  population: person,
  params,
  reads: ['home', 'away', 'state'],
  effects: { city: city.pick('infected') },
  kernel({ self, effect, params }) {
    const { home, away, state } = self
    const { infected } = effect.city
    const minutesAway = Math.round(params.hoursAway * 60)
    const minutesHome = DAY - minutesAway
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (state[row] !== I) continue
        infected(home[row], minutesHome)
        infected(away[row], minutesAway)
      }
    }
  },
})

const pressure = defineEngine({
  name: 'pressure',
  population: city,
  dependencies: ['census'],
  reads: ['infected', 'present'],
  writes: ['pressure'],
  kernel({ self }) {
    const { infected, present, pressure } = self
    return (begin, end) => {
      for (let row = begin; row < end; row++) pressure[row] = infected[row] === 0 ? 0 : infected[row] / present[row]
    }
  },
})

const recover = defineEngine({
  name: 'recover',
  population: person,
  dependencies: ['pressure'],
  params,
  writes: ['state'],
  kernel({ self, random, params }) {
    const { state } = self
    const { gamma } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) if (state[row] === I && random.chance(row, gamma)) state[row] = R
    }
  },
})

const catchIt = defineEngine({
  name: 'catch',
  population: person,
  dependencies: ['recover'],
  params,
  reads: ['home', 'away'],
  writes: ['state'],
  senses: { city: city.pick('pressure') },
  kernel({ self, seen, random, params }) {
    const { home, away, state } = self
    const { pressure } = seen.city
    const betaAway = (params.beta * Math.round(params.hoursAway * 60)) / DAY
    const betaHome = params.beta - betaAway
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (state[row] !== S) continue
        const force = betaHome * pressure[home[row]] + betaAway * pressure[away[row]]
        if (force > 0 && random.chance(row, 1 - Math.exp(-force))) state[row] = I
      }
    }
  },
})

type Scope = SetupScope<typeof params>

async function setup(world: World, { params, random }: Scope): Promise<void> {
  const { people, seeds } = params
  const atlas = await loadAtlas(params.cities)
  const commuting = new Commuting(atlas)
  const minutesAway = Math.round(params.hoursAway * 60)
  const present = new Float64Array(atlas.count)
  world.population(person).spawnMany(people, {
    fill({ home, away, state }) {
      settle(atlas, home)
      for (let i = 0; i < people; i++) {
        away[i] = commuting.destination(home[i], random.float())
        present[home[i]] += DAY - minutesAway
        present[away[i]] += minutesAway
      }
      for (let left = Math.min(seeds, people); left > 0; ) {
        const i = random.int(people)
        if (state[i] === I) continue
        state[i] = I
        left--
      }
    },
  })
  world.population(city).spawnMany(atlas.count, {
    fill(columns) {
      columns.lat.set(atlas.lat)
      columns.lon.set(atlas.lon)
      columns.inhabitants.set(atlas.people)
      columns.present.set(present)
    },
  })
}

/** What the scenario is made of, for others to build on. */
export const epidemic = {
  name: 'epidemic',
  params,
  populations: [city, person],
  engines: [census, pressure, recover, catchIt],
  measures: { S: count(person, { state: 'S' }), I: count(person, { state: 'I' }), R: count(person, { state: 'R' }) },
  setup,
}

export default defineScenario(epidemic)

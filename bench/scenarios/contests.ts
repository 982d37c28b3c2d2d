// Everybody claims one of a quarter as many places, picked by a hash, with a rank of its own making. Two engines read
// what came of it: winners count their wins, places remember who holds them.
import { defineClaim, defineEngine, defineParams, definePopulation, defineScenario, ref, u32 } from '../../lib/index.js'
import { scatter } from './posting.js'

const params = defineParams({ people: { default: 1_000_000, min: 4, max: 8_000_000 } })

/** Places there are for so many people. */
export const placesFor = (people: number) => Math.ceil(people / 4)

export const person = definePopulation('person', {
  params,
  capacity: p => p.people,
  columns: { wins: u32() },
})

export const place = definePopulation('place', {
  params,
  capacity: p => placesFor(p.people),
  permanent: true,
  columns: { holder: ref(person) },
})

const seat = defineClaim('seat', { by: person, on: place })

/** Ranks are drawn from few, so that some contests are settled by the lowest id. */
export const RANKS = 8

const contest = defineEngine({
  name: 'contest',
  population: person,
  params,
  claims: { seat },
  kernel({ claim, self: { id }, params: { people } }) {
    const { seat } = claim
    const share = placesFor(people) / 2 ** 32
    return (begin, end, tick) => {
      for (let row = begin; row < end; row++) {
        const v = scatter(id[row] + Math.imul(tick, 0x9e3779b1))
        seat(row, Math.floor(v * share), v % RANKS)
      }
    }
  },
})

const count = defineEngine({
  name: 'count',
  population: person,
  dependencies: ['contest'],
  writes: ['wins'],
  outcomes: { seat },
  kernel({ self: { wins }, outcome }) {
    const { won } = outcome.seat
    return (begin, end) => {
      for (let row = begin; row < end; row++) wins[row] += won[row]
    }
  },
})

const hold = defineEngine({
  name: 'hold',
  population: place,
  dependencies: ['contest'],
  writes: ['holder'],
  outcomes: { seat },
  kernel({ self: { holder }, outcome }) {
    const { winner } = outcome.seat
    return (begin, end) => {
      for (let row = begin; row < end; row++) holder[row] = winner[row]
    }
  },
})

export default defineScenario({
  name: 'contests',
  params,
  populations: [person, place],
  engines: [contest, count, hold],
  setup(world, scope) {
    world.population(person).spawnMany(scope.params.people)
    world.population(place).spawnMany(placesFor(scope.params.people))
  },
})

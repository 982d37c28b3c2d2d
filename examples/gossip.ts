// A rumour that goes from friend to friend: people are ignorant, then spreaders, then stiflers who have lost interest.
// These are the rules of SIR (Kermack and McKendrick 1927) on a network, among the friends that each person has, rather
// than of the rumours of Daley and Kendall (1964), who lose interest when they meet somebody who knows already.
// A tick is a day: spreaders tell some of their friends, then lose interest or not; who has heard it spreads it from the
// next day on. All tell at once: books that let people speak one after another let a rumour go several steps in a day.
//
// On the random network the share z that has heard it in the end solves z = 1 - exp(-friends T z), T = tell / (tell +
// forget - tell forget) being the chance that it ever passes along a tie (Newman 2002; Kenah and Robins 2007). Among
// people who meet anybody it is z = 1 - exp(-R0 z), R0 = friends tell / forget. T is less than tell / forget, for a
// friend can be told news only once: so the mean field is an upper bound.
import {
  count,
  defineEngine,
  defineMessage,
  defineParams,
  definePopulation,
  defineScenario,
  enumeration,
  index,
  max,
  ref,
  type SetupScope,
  u16,
  type World,
} from 'populace'

const params = defineParams({
  people: { default: 100_000, min: 2, max: 1_000_000, about: 'people in the network' },
  friends: { default: 10, min: 2, max: 100, about: 'friends that a person has on average: an even number' },
  network: {
    default: 'random',
    oneOf: ['random', 'small-world'],
    about: 'who are friends: any two people, or neighbours on a ring, some ties of which lead far away',
  },
  rewire: { default: 0.05, min: 0, max: 1, about: 'share of the ties of a small world that lead far away' },
  start: { default: 10, min: 0, max: 1_000_000, about: 'people who know it first; all when more than there are' },
  tell: { default: 0.05, min: 0, max: 1, about: 'probability that a spreader tells a friend in a day' },
  forget: { default: 0.2, min: 0, max: 1, about: 'probability that a spreader loses interest in a day' },
})

export const person = definePopulation('person', {
  params,
  capacity: p => p.people,
  permanent: true,
  columns: {
    state: enumeration(['ignorant', 'spreader', 'stifler']),
    /** Mouths that the rumour went through before it came here. */
    mouths: u16(),
  },
})
const { ignorant, spreader, stifler } = person.columns.state.codes

/** A friendship as one of the two has it: each is two ties. */
export const tie = definePopulation('tie', {
  params,
  capacity: p => p.people * p.friends,
  permanent: true,
  columns: { owner: index(person), friend: ref(person) },
})

/** At most one tale a tie is under way; of more than there is room for, the last are refused and counted. */
const tale = defineMessage('tale', { to: person, capacity: 4_000_000, columns: { mouths: u16() } })

const tell = defineEngine({
  name: 'tell',
  population: person,
  params,
  reads: ['mouths'],
  writes: ['state'],
  senses: { ties: tie.by('owner', 'friend') },
  sends: { tale },
  kernel({ self, seen, send, random, params }) {
    const { state, mouths } = self
    const { first, friend } = seen.ties
    const { tale } = send
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (state[row] !== spreader) continue
        for (let i = first[row]; i < first[row + 1]; i++) {
          if (!random.chance(row, params.tell)) continue
          const t = tale.add(row, friend[i])
          tale.mouths[t] = mouths[row] + 1
        }
        if (random.chance(row, params.forget)) state[row] = stifler
      }
    }
  },
})

const hear = defineEngine({
  name: 'hear',
  population: person,
  dependencies: ['tell'],
  writes: ['state', 'mouths'],
  receives: { tale },
  kernel({ self, inbox }) {
    const { state, mouths } = self
    const { first, mouths: through } = inbox.tale
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (first[row] === first[row + 1] || state[row] !== ignorant) continue
        state[row] = spreader
        mouths[row] = through[first[row]]
      }
    }
  },
})

type Scope = SetupScope<typeof params>

/** Pairs of friends, by the rows of persons. A pair may be drawn twice; about friends^2 / 4 are, however many people. */
function* friendships({ params, random }: Scope): Generator<readonly [number, number]> {
  const { people, friends, network, rewire } = params
  /** Anybody but one. */
  const other = (one: number) => (one + 1 + random.int(people - 1)) % people
  for (let one = 0; one < people; one++) {
    for (let step = 1; step <= friends / 2; step++) {
      if (network === 'random') {
        const any = random.int(people) // Erdős and Rényi 1959: both ends are drawn
        yield [any, other(any)]
      } else {
        const far = random.float() < rewire // Watts and Strogatz 1998: a ring whose ties may be bent
        yield [one, far ? other(one) : (one + step) % people]
      }
    }
  }
}

function setup(world: World, scope: Scope): void {
  const { people, friends, start } = scope.params
  if (friends % 2 !== 0) throw new RangeError(`${friends} friends are asked for. Give an even number.`)
  const ids = world.population(person).spawnMany(people, {
    fill({ state }) {
      for (let left = Math.min(start, people); left > 0; ) {
        const row = scope.random.int(people)
        if (state[row] === spreader) continue
        state[row] = spreader
        left--
      }
    },
  })
  world.population(tie).spawnMany(people * friends, {
    fill({ owner, friend }) {
      let t = 0
      for (const [a, b] of friendships(scope)) {
        owner[t] = a
        friend[t++] = ids[b]
        owner[t] = b
        friend[t++] = ids[a]
      }
    },
  })
}

/** What the scenario is made of, for others to build on. */
export const gossip = {
  name: 'gossip',
  params,
  populations: [person, tie],
  engines: [tell, hear],
  measures: {
    ignorant: count(person, { state: 'ignorant' }),
    spreaders: count(person, { state: 'spreader' }),
    stiflers: count(person, { state: 'stifler' }),
    longestWay: max(person, 'mouths'),
  },
  setup,
  until: ({ measures }: { measures: { spreaders: number } }) => measures.spreaders === 0,
}

export default defineScenario(gossip)

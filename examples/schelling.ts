// Schelling's segregation: two kinds of people on a bounded lattice, one a cell. Who has fewer than `wanted` neighbours
// of the own kind within `radius` (in king's moves) goes to a random free cell. Mild wishes of each separate them all.
// Schelling, Dynamic models of segregation, Journal of Mathematical Sociology 1 (1971).
//
// Published versions let people move one by one, each into the town that those before it left. Here all look at once, at
// the same town, and claim a free cell each: where several want one, chance decides, and who loses stays and tries again
// in the next tick. A cell that is left can be claimed from the next tick on.
import {
  bool,
  count,
  defineClaim,
  defineEngine,
  defineLattice,
  defineParams,
  definePopulation,
  defineScenario,
  enumeration,
  f32,
  index,
  mean,
  type SetupScope,
  u8,
  type World,
} from 'populace'

const params = defineParams({
  side: { default: 100, min: 1, max: 8192, about: 'cells in a row, and rows' },
  people: { default: 8000, min: 1, max: 50_000_000, about: 'people of both kinds; one a cell when more than cells' },
  radius: { default: 2, min: 1, max: 10, about: "how far neighbours live, in king's moves" },
  wanted: { default: 8, min: 0, max: 440, about: 'neighbours of the own kind that one wants at least' },
})

export const cell = defineLattice('cell', {
  params,
  width: p => p.side,
  height: p => p.side,
  columns: {
    /** 0: free; else the code of the kind that lives there, plus one. */
    holds: u8({ effect: 'add' }),
  },
})

export const person = definePopulation('person', {
  params,
  capacity: p => p.people,
  permanent: true,
  columns: {
    kind: enumeration(['red', 'blue']),
    home: index(cell),
    /** Share of the own kind among the neighbours, when it last looked; 0 of no neighbours. */
    alike: f32(),
    /** Whether it wanted to stay, when it last looked. */
    content: bool(),
  },
})

const settle = defineClaim('settle', { by: person, on: cell })

const look = defineEngine({
  name: 'look',
  population: person,
  params,
  reads: ['kind', 'home'],
  writes: ['alike', 'content'],
  senses: { town: cell.pick('holds'), free: cell.where({ holds: 0 }) },
  claims: { settle },
  kernel({ self, seen, claim, random, params }) {
    const { kind, home, alike, content } = self
    const { holds } = seen.town
    const { free } = seen
    const { side, radius, wanted } = params
    return (begin, end) => {
      const freeCells = free.length
      for (let row = begin; row < end; row++) {
        const own = kind[row] + 1
        const x = home[row] % side
        const y = (home[row] - x) / side
        const left = Math.max(0, x - radius)
        const right = Math.min(side - 1, x + radius)
        const bottom = Math.min(side - 1, y + radius)
        let neighbours = -1 // itself is met too
        let like = -1
        for (let line = Math.max(0, y - radius); line <= bottom; line++) {
          for (let c = line * side + left; c <= line * side + right; c++) {
            neighbours += +(holds[c] !== 0) // a factor or term is faster than a branch that is guessed wrong
            like += +(holds[c] === own)
          }
        }
        alike[row] = neighbours === 0 ? 0 : like / neighbours
        content[row] = like >= wanted ? 1 : 0
        if (like < wanted && freeCells > 0) claim.settle(row, free.row[random.int(row, freeCells)])
      }
    }
  },
})

const move = defineEngine({
  name: 'move',
  population: person,
  dependencies: ['look'],
  reads: ['kind'],
  writes: ['home'],
  senses: { town: cell.pick() },
  effects: { town: cell.pick('holds') },
  outcomes: { settle },
  kernel({ self, seen, effect, outcome }) {
    const { kind, home } = self
    const { rowOf } = seen.town
    const { holds } = effect.town
    const { won, target } = outcome.settle
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (won[row] === 0) continue
        const next = rowOf(target[row])
        holds(home[row], -1 - kind[row])
        holds(next, 1 + kind[row])
        home[row] = next
      }
    }
  },
})

type Scope = SetupScope<typeof params>

function setup(world: World, { params, random }: Scope): void {
  const { side } = params
  const places = random.shuffle(Uint32Array.from({ length: side * side }, (_, row) => row))
  const people = Math.min(params.people, places.length)
  world.population(person).spawnMany(people, {
    fill({ kind, home }) {
      home.set(places.subarray(0, people))
      for (let i = 0; i < people; i++) kind[i] = i % 2
    },
  })
  world.population(cell).update(({ holds }) => {
    for (let i = 0; i < people; i++) holds[places[i]] = 1 + (i % 2)
  })
}

/** What the scenario is made of, for others to build on. */
export const schelling = {
  name: 'schelling',
  params,
  populations: [cell, person],
  engines: [look, move],
  measures: { content: count(person, { content: 1 }), alike: mean(person, 'alike') },
  setup,
}

export default defineScenario(schelling)

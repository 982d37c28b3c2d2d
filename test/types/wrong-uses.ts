// Wrong uses that must not compile. The type check is the test: a line that compiles after all makes its
// `@ts-expect-error` an error. Nothing here is ever run.
import {
  bool,
  count,
  defineAsk,
  defineCommand,
  defineEngine,
  defineGrid,
  defineLattice,
  defineMainEngine,
  defineParams,
  definePopulation,
  defineScenario,
  doc,
  enumeration,
  f32,
  histogram,
  i32,
  type Simulation,
  sum,
  u8,
  type World,
} from '../../lib/index.js'

const params = defineParams({ rate: { default: 0.5 }, name: { default: 'x' } })
const city = definePopulation('city', {
  capacity: 10,
  permanent: true,
  columns: { sick: i32({ effect: 'add' }), x: f32() },
})
const person = definePopulation('person', {
  params,
  capacity: p => p.rate * 10,
  columns: {
    age: u8(),
    state: enumeration(['S', 'I']),
    pair: f32({ size: 2 }),
    alive: bool(),
    memory: doc<{ heard: number[] }>(),
    name: doc<string>(),
  },
})

// @ts-expect-error a name that views use themselves
definePopulation('wrong', { capacity: 1, columns: { id: u8() } })
// @ts-expect-error so for lattices
defineLattice('wrong', { width: 1, height: 1, columns: { length: u8() } })
// @ts-expect-error no such parameter
definePopulation('wrong', { params, capacity: p => p.rates, columns: {} })
// @ts-expect-error a column is made by a column constructor
definePopulation('wrong', { capacity: 1, columns: { age: 3 } })
// @ts-expect-error floats have no effects: their sum depends on its order
f32({ effect: 'add' })
// @ts-expect-error the default is none of the labels
enumeration(['S', 'I'], { default: 'R' })
// @ts-expect-error no such column
city.pick('sik')
// @ts-expect-error so for runs
person.by('hom')
// @ts-expect-error a label that is none
person.where({ state: 'R' })
// @ts-expect-error no column of coordinates
defineGrid('wrong', { of: city, x: 'x', y: 'z', width: 1, height: 1, cell: 1 })
const map = defineGrid('map', { of: city, x: 'x', y: 'sick', width: 1, height: 1, cell: 1 })
// @ts-expect-error no such column
map.pick('sik')
defineEngine({
  name: 'looks',
  population: person,
  senses: { map: map.pick('x'), people: person.where({ state: 'I' }) },
  effects: { map: map.pick('sick') },
  kernel({ seen, effect }) {
    // @ts-expect-error effects go to picked rows, not to copies in cells
    effect.map.sick(1, 1)
    const i: number = seen.map.first[seen.map.cellAt(1, 2)] + seen.people.length
    // @ts-expect-error not picked
    seen.map.sick
    // @ts-expect-error views are read only
    seen.map.x[i] = 3
    return () => {}
  },
})
// @ts-expect-error a document is plain data
doc<Date>()

export const engine = defineEngine({
  name: 'engine',
  population: person,
  params,
  reads: ['age', 'name'],
  writes: ['state', 'memory'],
  senses: { city: city.pick('x') },
  effects: { city: city.pick('sick', 'x') },
  kernel({ self, seen, effect, random, params: p }) {
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        self.state[row] = self.age[row] > 3 ? person.columns.state.codes.I : person.columns.state.codes.S
        const heard = self.memory.get(row)?.heard ?? []
        self.memory.set(row, { heard: [...heard, 1] })
        self.memory.set(row, undefined)
        // @ts-expect-error it only reads name
        self.name.set(row, 'x')
        // @ts-expect-error the document is of another type
        self.memory.set(row, { heard: 'x' })
        // @ts-expect-error there may be none
        self.memory.get(row).heard
        // @ts-expect-error documents are no numbers
        self.memory[row]
        // @ts-expect-error it only reads age
        self.age[row] = 3
        // @ts-expect-error it does not declare alive
        self.alive[row] = 1
        // @ts-expect-error ids are for ever
        self.id[row] = 1
        // @ts-expect-error what is sensed may not be written
        seen.city.x[0] = 1
        // @ts-expect-error sick is not sensed
        seen.city.sick[0]
        // @ts-expect-error no such access
        seen.town
        effect.city.sick(0, 1)
        // @ts-expect-error x has no effect
        effect.city.x(0, 1)
        // @ts-expect-error an effect needs a value
        effect.city.sick(0)
        // @ts-expect-error no such label
        person.columns.state.codes.R
        // @ts-expect-error a draw is an agent's
        random.float()
        // @ts-expect-error no such parameter
        p.rates
        // @ts-expect-error parameters are given, not set
        p.rate = 1
      }
    }
  },
})

// @ts-expect-error no such column
defineEngine({ name: 'wrong', population: person, reads: ['agee'], kernel: () => () => undefined })
// @ts-expect-error no such column
defineEngine({ name: 'wrong', population: person, writes: ['sick'], kernel: () => () => undefined })
// @ts-expect-error a kernel gives its loop
defineEngine({ name: 'wrong', population: person, kernel: () => 3 })
// @ts-expect-error a main engine has an update
defineMainEngine({ name: 'wrong' })

// @ts-expect-error no such column
sum(city, 'sik')
// @ts-expect-error no such label
count(person, { state: 'R' })
// @ts-expect-error no such column
count(person, { agee: 3 })
// @ts-expect-error bins have a number
histogram(city, 'x', { from: 0, to: 1 })

const scenario = defineScenario({
  name: 'scenario',
  params,
  populations: [city, person],
  engines: [engine],
  measures: { all: count(person), ages: histogram(person, 'age', { from: 0, to: 9, bins: 3 }) },
  commands: { infect: defineCommand({ payload: doc<{ city: number }>(), apply: ({ payload }) => void payload.city }) },
  setup(world, { params: p }) {
    // @ts-expect-error no such parameter
    p.rates
    setUp(world)
  },
  // @ts-expect-error no such measure
  until: ({ measures }) => measures.none > 3,
})

function setUp(world: World): void {
  const people = world.population(person)
  people.spawn({ age: 3, state: 'I', pair: [1, 2], memory: { heard: [1] }, name: 'Ann' })
  people.update(({ name }) => name.set(0, people.get(1)?.name))
  const second: string | undefined = people.column('name').get(1)
  people.set(2, { name: second })
  // @ts-expect-error the document is of another type
  people.spawn({ memory: 'heard' })
  // @ts-expect-error a copy of a column is read
  people.column('name').set(1, 'x')
  // @ts-expect-error no such label
  people.spawn({ state: 'R' })
  // @ts-expect-error no such column
  people.spawn({ sick: 1 })
  // @ts-expect-error two values a row
  people.spawn({ pair: 1 })
  // @ts-expect-error numbers, not text
  people.set(1, { age: 'old' })
  // @ts-expect-error no such column
  people.column('sick')
  // @ts-expect-error get gives a copy, to read
  people.get(1).age = 3
  // @ts-expect-error an agent may be dead
  people.get(1).age
}

export function use(sim: Simulation<typeof scenario>): number[] {
  // @ts-expect-error no such command
  sim.command('infct', { city: 1 })
  // @ts-expect-error the payload is of another type
  sim.command('infect', { city: 'Rome' })
  // @ts-expect-error no such event
  sim.on('tock', () => undefined)
  // @ts-expect-error this measure is a number
  sim.measures.all.length
  return sim.measures.ages
}

// ---- asks -----------------------------------------------------------------------------------------------------------

const think = defineAsk('think', {
  service: 'llm',
  by: person,
  question: doc<{ mood: number }>(),
  answer: doc<{ text: string }>(),
  timeoutTicks: 10,
  pending: 4,
})

defineEngine({
  name: 'asks',
  population: person,
  asks: { think },
  kernel({ ask, answers }) {
    ask.think(0, { mood: 1 })
    ask.think(0, { mood: 1 }, 7)
    // @ts-expect-error a question of another type
    ask.think(0, { mood: 'bad' })
    // @ts-expect-error a token is a number
    ask.think(0, { mood: 1 }, 'mine')
    // @ts-expect-error it hears nothing
    answers.think
    return () => {}
  },
})

defineEngine({
  name: 'hears',
  population: person,
  hears: { think },
  kernel({ ask, answers: { think: heard } }) {
    const text: string | undefined = heard.answer(0)?.text
    // @ts-expect-error an answer may be missing
    heard.answer(0).text
    // @ts-expect-error what became of an ask is read alone
    heard.status[0] = 1
    // @ts-expect-error it asks nothing
    ask.think(0, { mood: 1 })
    return () => void text
  },
})

// What is declared wrongly of claims, births, messages and events is refused where it is written, by name.
import { test } from 'tap'
import type { ErrorCode } from '../../lib/core/errors.js'
import { defineClaim } from '../../lib/memory/claim.js'
import { f32, i32, u8 } from '../../lib/memory/columns.js'
import { defineLattice, definePopulation } from '../../lib/memory/population.js'
import { defineEvent, defineMessage } from '../../lib/memory/record.js'
import { defineScenario, scenarioData } from '../../lib/run/scenario.js'
import { defineEngine } from '../../lib/schedule/engine.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', { capacity: 10, columns: { x: f32() } })
const beast = definePopulation('beast', { capacity: 10, columns: { rage: u8() } })
const cell = defineLattice('cell', { width: 4, height: 4, columns: { grown: u8() } })
const town = definePopulation('town', { capacity: 4, permanent: true, columns: { size: u8() } })
const bite = defineClaim('bite', { by: beast, on: agent })
const note = defineMessage('note', { to: agent, capacity: 9, columns: { tone: u8() } })
const said = defineEvent('said', { columns: { tone: u8() } })

const engine = (o: object) => () =>
  defineEngine({ name: 'e', population: agent, kernel: () => () => {}, ...o } as never)
const listed =
  (...all: object[]) =>
  () =>
    defineScenario({
      name: 'test',
      populations: [agent, beast, cell, town],
      engines: all.map((o, i) => engine({ name: `e${i}`, ...o })()),
      setup() {},
    })
const message = (o: object) => () => defineMessage('m', { to: agent, capacity: 9, columns: {}, ...o } as never)

const WRONG: readonly [ErrorCode, RegExp, () => unknown][] = [
  ['NAME_INVALID', /A claim has the name ""/, () => defineClaim('', { by: beast, on: agent })],
  ['OPTION_UNKNOWN', /'onn'.*'on'/, () => defineClaim('c', { by: beast, onn: agent } as never)],
  ['POPULATION_UNKNOWN', /by which 'c' claims/, () => defineClaim('c', { by: {}, on: agent } as never)],
  ['POPULATION_UNKNOWN', /on which 'c' claims/, () => defineClaim('c', { by: beast } as never)],
  ['CLAIM_INVALID', /claims.b of engine 'e' is not a claim/, engine({ claims: { b: agent } })],
  ['CLAIM_INVALID', /'e' claims 'bite', which 'beast' claim and 'agent' do not/, engine({ claims: { bite } })],
  ['CLAIM_INVALID', /between 'beast' and 'agent', not 'town'/, engine({ population: town, outcomes: { bite } })],
  ['CLAIM_INVALID', /outcomes.b of engine 'e' is not a claim/, engine({ outcomes: { b: null } })],
  ['CLAIM_INVALID', /outcome of 'bite', which no engine claims/, listed({ outcomes: { bite } })],
  [
    'DUPLICATE_NAME',
    /Two claims are named 'bite'/,
    listed(
      { population: beast, claims: { bite } },
      { population: beast, claims: { other: defineClaim('bite', { by: beast, on: cell }) } },
    ),
  ],
  ['PERMANENT', /'e' spawns 'town', which is permanent/, engine({ spawns: { town } })],
  ['PERMANENT', /'e' spawns 'cell', which is permanent/, engine({ spawns: { cell } })],
  ['PERMANENT', /'e' despawns agents of 'town'/, engine({ population: town, despawns: true })],
  ['PERMANENT', /'e' moves agents of 'cell'/, engine({ population: cell, moves: true })],
  ['POPULATION_UNKNOWN', /A population that engine 'e' spawns is not a population/, engine({ spawns: { b: bite } })],
  ['NAME_INVALID', /A message has the name/, () => defineMessage(3 as never, { to: agent, capacity: 1, columns: {} })],
  ['OPTION_UNKNOWN', /'capacities'.*'capacity'/, message({ capacities: 3 })],
  ['MESSAGE_INVALID', /capacity of message 'm' is 0/, message({ capacity: 0 })],
  ['MESSAGE_INVALID', /capacity of message 'm' is 1.5/, message({ capacity: 1.5 })],
  ['MESSAGE_INVALID', /capacity of message 'm' is undefined/, message({ capacity: undefined })],
  ['MESSAGE_INVALID', /frozen: sleep/, message({ frozen: 'sleep' })],
  ['POPULATION_UNKNOWN', /that message 'm' goes to/, message({ to: 'agent' })],
  ['NAME_INVALID', /'m'.from' has a name that views use themselves/, message({ columns: { from: u8() } })],
  ['COLUMN_INVALID', /'message 'm'.x' is not a column/, message({ columns: { x: 3 } })],
  ['MESSAGE_INVALID', /'n' of message 'm' has an effect/, message({ columns: { n: i32({ effect: 'add' }) } })],
  ['MESSAGE_INVALID', /'n' of message 'm' has a reset/, message({ columns: { n: i32({ reset: 'tick' }) } })],
  ['MESSAGE_INVALID', /sends.s of engine 'e' is not a message/, engine({ sends: { s: said } })],
  ['MESSAGE_INVALID', /receives.s of engine 'e' is not a message/, engine({ receives: { s: agent } })],
  [
    'MESSAGE_INVALID',
    /receives 'note', which goes to 'agent' and not to 'beast'/,
    engine({ population: beast, receives: { note } }),
  ],
  ['MESSAGE_INVALID', /'note' is received by no engine/, listed({ sends: { note } })],
  ['MESSAGE_INVALID', /received by 32 engines/, listed(...Array.from({ length: 32 }, () => ({ receives: { note } })))],
  [
    'DUPLICATE_NAME',
    /Two messages are named 'note'/,
    listed({ receives: { note } }, { sends: { note: defineMessage('note', { to: agent, capacity: 8, columns: {} }) } }),
  ],
  ['NAME_INVALID', /An event has the name/, () => defineEvent('', { columns: {} })],
  ['OPTION_UNKNOWN', /no option 'to'/, () => defineEvent('v', { columns: {}, to: agent } as never)],
  [
    'EVENT_INVALID',
    /'n' of event 'v' has an effect/,
    () => defineEvent('v', { columns: { n: i32({ effect: 'add' }) } }),
  ],
  ['EVENT_INVALID', /emits.v of engine 'e' is not an event/, engine({ emits: { v: note } })],
  [
    'DUPLICATE_NAME',
    /Two events are named 'said'/,
    listed({ emits: { said } }, { emits: { said: defineEvent('said', { columns: { tone: f32() } }) } }),
  ],
]

test('claims, births, messages and events declared wrongly are refused by name, with a remedy', async t => {
  for (const [code, named, define] of WRONG) refused(t, code, named, define)
})

test('parts are known by their names: another copy that says the same is the same', async t => {
  const copy = defineMessage('note', { to: agent, capacity: 9, columns: { tone: u8() } })
  const made = listed({ sends: { copy } }, { receives: { note } }, { receives: { again: copy } })()
  t.strictSame([...(scenarioData(made)?.messages.keys() ?? [])], ['note'])
})

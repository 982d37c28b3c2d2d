// Which run of an inbox a waiting message goes to, as code: its receiver's row, or none. What becomes of a message that
// has no row is decided here too: the dead never get theirs, the frozen may later.
import { ASK_STATUS } from '../memory/ask.js'
import { COUNT } from '../memory/layout.js'
import { GONE, type Mailbox } from '../memory/mailbox.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { Frozen } from '../memory/record.js'
import { type MailKey, NO_RUN } from './mail-sort.js'

/** Who takes in a kind of message. */
export interface Delivery {
  readonly mailbox: Mailbox
  readonly population: PopulationMemory
  /** The bits of all receiving engines, and that of this one. */
  readonly all: number
  readonly bit: number
  /** Whether the agents of a frame have their turn; undefined: all have. */
  readonly hasTurn: ((frame: number) => boolean) | undefined
  /** Of asks, what became of each: those that are open are not delivered. undefined: these are messages. */
  readonly answered: Uint8Array | undefined
}

/** Where `id` lives: declares `word`, of its slot, and `found`, the row; below 0 for a slot that nobody has. */
const FIND = (slots: number) => `
  const id = to[e]
  const slot = id >>> 0
  const word = slot < ${slots} ? slotRow[slot] : 0
  const found = word - 1`

/** The run of a message: its receiver's row. Where nobody ever died, a slot says who lives there without a look at the row. */
export function receiverKey(mailbox: Mailbox, population: PopulationMemory): MailKey {
  const { row: slotRow } = population.slots
  return {
    constants: { to: mailbox.to, ids: population.id, slotRow, counts: population.counts },
    before: `const immortal = counts[${COUNT.died}] === 0`,
    code: `${FIND(slotRow.length)}
      const key = found >= 0 && (immortal ? id === slot : ids[found] === id) ? found : ${NO_RUN}`,
  }
}

/**
 * The run of a message: its receiver's row, for those that this engine has not seen; marks them as seen, or gone.
 * frozen: what becomes of those for the frozen; undefined: nobody is.
 */
export function deliveryKey(delivery: Delivery, frozen: Frozen | undefined): MailKey {
  const { mailbox, population, all, bit, hasTurn, answered } = delivery
  const { row: slotRow, generation } = population.slots
  const turn = hasTurn ? ` && hasTurn(found >>> ${population.layout.shift})` : ''
  const gone = `seen[e] = mask === 0 ? ${GONE} : ${all}`
  // The slot of one who sleeps has a word below 0 and the generation of the id: an older id's agent is dead.
  const asleep = `if (word < 0 && generation[slot] === Math.floor(id / 4294967296)) { ${frozen === 'drop' ? gone : ''} }
        else `
  return {
    constants: { to: mailbox.to, seen: mailbox.seen, ids: population.id, slotRow, generation, hasTurn, answered },
    before: '',
    code: `let key = ${NO_RUN}
      const mask = seen[e]
      if ((mask & ${bit}) === 0 && mask !== ${GONE}${answered ? ` && answered[e] !== ${ASK_STATUS.open}` : ''}) {
        ${FIND(slotRow.length)}
        ${frozen === undefined ? '' : asleep}if (found < 0 || ids[found] !== id) ${gone}
        else if (true${turn}) {
          key = found
          seen[e] = mask | ${bit}
        }
      }`,
  }
}

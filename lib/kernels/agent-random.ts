// Random numbers of agents inside kernels: value = T(key; slot, generation * 2^11 + draw), so a number depends on the
// seed, the engine, the tick, the agent and how many it drew before, on nothing else.
import { PopulaceError } from '../core/errors.js'
import { MAX_DRAWS } from '../core/limits.js'
import { checkBelow, unitFloat, unitNormal } from '../core/sequence.js'
import { threefry } from '../core/threefry.js'
import type { Random } from '../schedule/scope.js'
import { fresh } from './fresh.js'

/** Words of a stream's state: the tick's key, the row that draws, its next draw's counter, the two words drawn. */
const WORDS = { key0: 0, key1: 1, row: 2, slot: 3, counter: 4, draws: 5, out: 6, size: 8 } as const

/** Numbers of agents, and what the engine's runner sets. */
export interface AgentRandom {
  readonly random: Random
  /** Sets the key of a tick, and forgets the row. */
  setKey(key: Int32Array): void
  /** Forgets the row, so that each loop call starts at its agents' first draw. */
  reset(): void
}

function tooMany(): never {
  throw new PopulaceError(
    'TOO_MANY_DRAWS',
    `An agent drew more than ${MAX_DRAWS} random numbers in one engine and tick`,
    'Draw fewer, or spread the work over several engines.',
  )
}

/** In checks mode, called with each row that a number is drawn for. */
export type RowGuard = (row: number) => void

const BODY = `
  const draw = row => {
    if (row !== state[${WORDS.row}]) {
      ${'guard(row)'}
      const id = ids[row]
      state[${WORDS.row}] = row
      state[${WORDS.slot}] = id
      state[${WORDS.counter}] = Math.floor(id / 4294967296) * ${MAX_DRAWS}
      state[${WORDS.draws}] = 0
    }
    if (state[${WORDS.draws}] === ${MAX_DRAWS}) tooMany()
    threefry(state[${WORDS.key0}], state[${WORDS.key1}], state[${WORDS.slot}], state[${WORDS.counter}] + state[${WORDS.draws}], state, ${WORDS.out})
    state[${WORDS.draws}]++
  }
  const float = row => {
    draw(row)
    return ((state[${WORDS.out}] >>> 5) * 67108864 + (state[${WORDS.out + 1}] >>> 6)) / 9007199254740992
  }
  return {
    float,
    int(row, below) { checkBelow(below); return Math.floor(float(row) * below) },
    chance: (row, probability) => float(row) < probability,
    normal(row) { draw(row); return unitNormal(state[${WORDS.out}], state[${WORDS.out + 1}]) },
    exponential: (row, mean) => -mean * Math.log(1 - float(row)),
    u32(row) { draw(row); return state[${WORDS.out}] >>> 0 },
  }`

/** The numbers of one engine in one thread. `guard` is for checks mode. */
export function makeAgentRandom(ids: Float64Array, guard?: RowGuard): AgentRandom {
  const state = new Int32Array(WORDS.size)
  state[WORDS.row] = -1
  const body = guard ? BODY : BODY.replace('guard(row)', '')
  const random = fresh<Random>({ state, ids, threefry, tooMany, checkBelow, unitNormal, unitFloat, guard }, body)
  return {
    random,
    setKey(key) {
      state[WORDS.key0] = key[0]
      state[WORDS.key1] = key[1]
      state[WORDS.row] = -1
    },
    reset() {
      state[WORDS.row] = -1
    },
  }
}

// Random numbers of agents inside kernels: value = T(key; slot, generation * 2^11 + draw), so a number depends on the
// seed, the engine, the tick, the agent and how many it drew before, on nothing else.
import { PopulaceError } from '../core/errors.js'
import { MAX_DRAWS } from '../core/limits.js'
import { checkBelow, unitNormal } from '../core/sequence.js'
import { PARITY } from '../core/threefry.js'
import type { Random } from '../schedule/scope.js'
import { fresh } from './fresh.js'

/** Words of a stream's state: the tick's key, the row that drew last, its slot and next counter, the two words drawn. */
const WORDS = { key0: 0, key1: 1, row: 2, slot: 3, counter: 4, out: 5, size: 8 } as const

/** No row, and not -1 either: a kernel may come here by mistake with what rowOf gave for nobody. */
const NO_ROW = -0x80000000

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

/** Rotations of Threefry-2x32 by round, and the words of the key that are added after each fourth round. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24]
const ADDED = ['k1', 'k2', 'k0', 'k1', 'k2', 'k0']

/** The rounds of core/threefry.ts as statements over x0 and x1. */
function rounds(): string {
  let text = ''
  for (let round = 0; round < 20; round++) {
    const left = ROTATIONS[round % 8]
    text += `x0 = (x0 + x1) | 0; x1 = ((x1 << ${left}) | (x1 >>> ${32 - left})) ^ x0\n`
    const group = round >> 2
    if (round % 4 === 3) text += `x0 = (x0 + ${ADDED[group]}) | 0; x1 = (x1 + ${ADDED[group + 1]} + ${group + 1}) | 0\n`
  }
  return text
}

// A draw is one function that takes a small integer and leaves two words in `state`: V8 does not inline so much code,
// and a call with a fraction as argument or result would put that on the heap. What is around it is small enough to be
// inlined into kernels, fractions and all.
const BODY = `
  const draw = row => {
    let x0 = 0
    let x1 = 0
    if (row === state[${WORDS.row}]) {
      x0 = state[${WORDS.slot}]
      x1 = state[${WORDS.counter}]
      if ((x1 & ${MAX_DRAWS - 1}) === 0) tooMany()
    } else {
      guard(row)
      const id = ids[row]
      x0 = id | 0
      x1 = (id * ${2 ** -32}) << ${Math.log2(MAX_DRAWS)}
      state[${WORDS.row}] = row
      state[${WORDS.slot}] = x0
    }
    state[${WORDS.counter}] = x1 + 1
    const k0 = state[${WORDS.key0}]
    const k1 = state[${WORDS.key1}]
    const k2 = ${PARITY} ^ k0 ^ k1
    x0 = (x0 + k0) | 0
    x1 = (x1 + k1) | 0
    ${rounds()}
    state[${WORDS.out}] = x0
    state[${WORDS.out + 1}] = x1
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
  state[WORDS.row] = NO_ROW
  const body = guard ? BODY : BODY.replace('guard(row)', '')
  const random = fresh<Random>({ state, ids, tooMany, checkBelow, unitNormal, guard }, body)
  return {
    random,
    setKey(key) {
      state[WORDS.key0] = key[0]
      state[WORDS.key1] = key[1]
      state[WORDS.row] = NO_ROW
    },
    reset() {
      state[WORDS.row] = NO_ROW
    },
  }
}

// The epidemic's rules written by hand: plain loops over typed arrays on one thread, as tight as one would write them
// for this model alone. It starts from the state of a simulation and must come to the same hash after the same ticks.
// What it is free of, and the library is not: other threads, other models, births and deaths, effects from anywhere.
// Threefry-2x32-20 stands in the loop: no call, no boxed number. Two versions: a loop a rule, as the model's engines
// are, and one whose people recover and catch in the same pass, which a writer of this model alone may do.
import { PURPOSE, streamKey } from '../lib/core/threefry.js'

/** The state it steps, and the model's parameters. */
export interface HandState {
  readonly ids: Float64Array
  readonly home: Uint32Array
  readonly away: Uint32Array
  readonly state: Uint8Array
  readonly present: Float64Array
  readonly pressure: Float64Array
  readonly seed: number
  readonly beta: number
  readonly gamma: number
  readonly minutesAway: number
}

const S = 0
const I = 1
const DAY = 1440
const PARITY = 0x1bd11bda

/** Makes the function that does tick `tick`. fused: people recover and catch in one pass. */
export function epidemicByHand(o: HandState, fused: boolean): (tick: number) => void {
  const { ids, home, away, state, present, pressure, seed, beta, gamma, minutesAway } = o
  const infected = new Float64Array(present.length)
  const minutesHome = DAY - minutesAway
  const betaAway = (beta * minutesAway) / DAY
  const betaHome = beta - betaAway

  const census = () => {
    infected.fill(0)
    for (let row = 0; row < state.length; row++) {
      if (state[row] !== I) continue
      infected[home[row]] += minutesHome
      infected[away[row]] += minutesAway
    }
    for (let row = 0; row < pressure.length; row++) {
      pressure[row] = infected[row] === 0 ? 0 : infected[row] / present[row]
    }
  }

  const recoverOrCatch = (
    one: number,
    other: number,
    recover0: number,
    recover1: number,
    catch0: number,
    catch1: number,
  ) => {
    for (let row = 0; row < state.length; row++) {
      const was = state[row]
      if (was !== one && was !== other) continue
      let chance = gamma
      let k0 = recover0
      let k1 = recover1
      if (was === S) {
        const force = betaHome * pressure[home[row]] + betaAway * pressure[away[row]]
        if (!(force > 0)) continue
        chance = 1 - Math.exp(-force)
        k0 = catch0
        k1 = catch1
      }
      const k2 = PARITY ^ k0 ^ k1
      const id = ids[row]
      let x0 = (id + k0) | 0
      let x1 = ((Math.floor(id / 4294967296) << 11) + k1) | 0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0
      x0 = (x0 + k1) | 0
      x1 = (x1 + k2 + 1) | 0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0
      x0 = (x0 + k2) | 0
      x1 = (x1 + k0 + 2) | 0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0
      x0 = (x0 + k0) | 0
      x1 = (x1 + k1 + 3) | 0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0
      x0 = (x0 + k1) | 0
      x1 = (x1 + k2 + 4) | 0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0
      x0 = (x0 + k2) | 0
      x1 = (x1 + k0 + 5) | 0
      if (((x0 >>> 5) * 67108864 + (x1 >>> 6)) / 9007199254740992 < chance) state[row] = was + 1
    }
  }

  return tick => {
    census()
    const [recover0, recover1] = streamKey(seed, 'recover', PURPOSE.kernel, tick)
    const [catch0, catch1] = streamKey(seed, 'catch', PURPOSE.kernel, tick)
    if (fused) return recoverOrCatch(S, I, recover0, recover1, catch0, catch1)
    recoverOrCatch(I, I, recover0, recover1, catch0, catch1)
    recoverOrCatch(S, S, recover0, recover1, catch0, catch1)
  }
}

// A simulation that goes back to where it stands, so that one run can be measured again and again once its code is
// compiled: all that a world is lies in its memory, which is put back, and the driver counts from the same tick on.
import type { Simulation } from '../lib/index.js'

/** Call it between runs; what it gives brings the simulation back to this tick, between runs too. */
export function returnPoint(sim: Simulation): () => void {
  const { driver, world } = sim.internals
  const bytes = new Uint8Array(world.memory.buffer, 0, world.memory.layout.bytes)
  const kept = bytes.slice()
  const { tick } = driver
  return () => {
    bytes.set(kept)
    driver.tick = tick
  }
}

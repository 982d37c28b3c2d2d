// What checkpoints cost a run: the epidemic on two workers, with one every 100 ticks in a folder of its own, beside the
// same without. A round is 100 ticks and one checkpoint at their end, and lasts until that is written: what is otherwise
// done beside the next ticks is paid for in full.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Simulation } from '../../lib/index.js'
import { type BenchCase, fasterBy, interleave, milliseconds, samplesOf } from '../harness.js'

const EPIDEMIC = new URL('../../examples/epidemic.js', import.meta.url)

/** Ten times slower than the example's, so that it goes on in all rounds: where it is over, nothing changes any more. */
const SLOW = { beta: 0.03, gamma: 0.01, seeds: 10_000 }

export const checkpoints: BenchCase = {
  name: 'checkpoints',
  about:
    'the epidemic on 2 workers with a checkpoint every 100 ticks in a folder, milliseconds a tick (1M people in a full run)',
  rounds: 9,
  async run({ smoke, rounds }) {
    const folder = mkdtempSync(join(tmpdir(), 'populace-bench-'))
    const params = { ...SLOW, ...(smoke ? { people: 20_000, cities: 1000 } : {}) }
    const o = { workers: 2, seed: 7, params }
    const ticks = smoke ? 10 : 100
    const plain = await Simulation.create(EPIDEMIC, o)
    const kept = await Simulation.create(EPIDEMIC, { ...o, store: `file:${folder}`, checkpoint: { everyTicks: ticks } })
    const contenders = { 'without checkpoints': plain, 'with checkpoints': kept }
    const samples = await interleave(
      Object.entries(contenders).map(([name, sim]) => ({
        name,
        round: async () => {
          const work = async () => {
            await sim.run({ ticks })
            if (sim === kept) await sim.checkpoint() // waits for what is being written
          }
          return (await milliseconds(work)) / ticks
        },
      })),
      smoke ? 1 : rounds,
      1,
    )
    const expected = await plain.hash()
    const last = await kept.checkpoint()
    await plain.close()
    await kept.close()
    const again = await Simulation.resume(EPIDEMIC, { workers: 1, store: `file:${folder}` })
    const work = [
      { what: 'the hash of the run gone on with', found: await again.hash(), expected },
      { what: 'its tick', found: String(again.tick), expected: String(last.tick) },
    ]
    await again.close()
    rmSync(folder, { recursive: true })
    return {
      lines: Object.keys(contenders).map(name => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: [fasterBy(samples, 'with checkpoints', 'without checkpoints', 0.9)],
      work,
    }
  },
}

// What a memory budget saves: resident memory of a world of many settlements, a few of which are awake at a time, with a
// budget that keeps a tenth or a half of it in memory, against a process in which all that sleeps stays in memory. What a
// process takes in any case is that of the same world with hardly anybody in it, and is subtracted from all. The hash of
// the end, which covers who sleeps, is the same in all of them.
import { type BenchCase, median } from '../harness.js'
import { measureMemory } from '../measure-memory.js'

const MEGABYTE = 1e6

export const partitions: BenchCase = {
  name: 'partitions',
  about: 'resident memory in megabytes of 10^6 bytes, with and without a budget (540 MB of agents in a full run)',
  rounds: 1,
  async run({ smoke, rounds }) {
    const settlements = smoke ? 20 : 160
    const blocks = smoke ? 2 : 16 // of each settlement
    const all = settlements * blocks
    const ticks = settlements * 2 + 5
    const process = async (what: { blocks: number; residentFrames?: number }) =>
      measureMemory({ kind: 'partitions', settlements, workers: 1, ticks, ...what })
    const least: number[] = []
    const whole: number[] = []
    const half: number[] = []
    const tenth: number[] = []
    const work = []
    for (let round = 0; round < (smoke ? 1 : rounds); round++) {
      least.push((await process({ blocks: 0 })).resident[0] / MEGABYTE)
      const free = await process({ blocks })
      whole.push(free.resident[0] / MEGABYTE)
      for (const [share, found] of [
        [0.5, half],
        [0.1, tenth],
      ] as const) {
        // Those awake are resident anyway: the smoke run's tenth is them alone.
        const one = await process({ blocks, residentFrames: Math.max(4 * blocks, Math.ceil(all * share)) })
        found.push(one.resident[0] / MEGABYTE)
        work.push({ what: `hash with ${share} of the frames, against no budget`, found: one.work, expected: free.work })
      }
    }
    const saved = (found: readonly number[]) =>
      100 * (1 - (median(found) - median(least)) / (median(whole) - median(least)))
    return {
      lines: [
        { name: 'hardly anybody', unit: 'MB', samples: least },
        { name: 'no budget', unit: 'MB', samples: whole },
        { name: 'a budget of a half', unit: 'MB', samples: half },
        { name: 'a budget of a tenth', unit: 'MB', samples: tenth },
      ],
      targets: smoke
        ? []
        : [
            { claim: 'a budget of a half: 50 to 90% below', figure: saved(half), unit: '%', holds: saved(half) >= 50 },
            {
              claim: 'a budget of a tenth: 50 to 90% below',
              figure: saved(tenth),
              unit: '%',
              holds: saved(tenth) >= 50,
            },
          ],
      work,
    }
  },
}

// Whether a host stays alive: the delay of the main thread's event loop while a million agents step at full speed on
// workers, against that of the same process with nothing to do. The histogram's own resolution is in both figures.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type BenchCase, interleave, median, samplesOf, type Work } from '../harness.js'
import { steadyEpidemic } from '../steady-epidemic.js'

const MOST = 10

/** The 99th percentile, in milliseconds, of the event loop's delay while `work` goes on. */
async function delayDuring(work: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await work()
  histogram.disable()
  return histogram.percentile(99) / 1e6
}

export const eventLoop: BenchCase = {
  name: 'event-loop',
  about: "p99 of the main thread's event-loop delay, milliseconds (1M agents in a full run)",
  rounds: 5,
  async run({ smoke, rounds }) {
    const people = smoke ? 50_000 : 1_000_000
    const span = smoke ? 250 : 2000
    const sims = [await steadyEpidemic(people, 1), await steadyEpidemic(people, 2)]
    const busy = (sim: (typeof sims)[number]) => async () => {
      const end = AbortSignal.timeout(span)
      await sim.run({ ticks: 1e9, signal: end, onProgress: () => undefined }).catch(error => {
        if (!end.aborted) throw error
      })
    }
    const contenders = [
      { name: 'idle', round: () => delayDuring(() => delay(span)) },
      { name: '1 worker', round: () => delayDuring(busy(sims[0])) },
      { name: '2 workers', round: () => delayDuring(busy(sims[1])) },
    ]
    const samples = await interleave(contenders, rounds, 1)
    const most = Math.max(...sims.map(sim => sim.tick))
    for (const sim of sims) await sim.run({ ticks: most - sim.tick })
    const work: Work[] = [
      { what: `hash of 2 workers after ${most} ticks`, found: await sims[1].hash(), expected: await sims[0].hash() },
      { what: 'ticks were done', found: String(most > 0), expected: 'true' },
    ]
    for (const sim of sims) await sim.close()
    const idle = median(samplesOf(samples, 'idle'))
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: ['1 worker', '2 workers'].map(name => {
        const figure = median(samplesOf(samples, name)) - idle
        return { claim: `${name}: at most ${MOST} ms above idle`, figure, unit: 'ms', holds: figure <= MOST }
      }),
      work,
    }
  },
}

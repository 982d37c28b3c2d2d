// A process whose memory is measured: one world after setup and some ticks, or many worlds one after another. Started
// by measure-memory.ts with what to do; sends what it found.
import { setTimeout as delay } from 'node:timers/promises'
import type epidemic from '../examples/epidemic.js'
import { Simulation } from '../lib/index.js'
import { mover } from './scenarios/moving.js'
import { BLOCK } from './scenarios/settlements.js'
import { EPIDEMIC } from './steady-epidemic.js'

/** What to do. */
export type MemoryTask =
  | { readonly kind: 'world'; readonly people: number; readonly workers: number; readonly ticks: number }
  | { readonly kind: 'cycles'; readonly cycles: number; readonly every: number; readonly rows: number }
  | SettlementsTask

/** blocks: of each settlement; 0: one agent. residentFrames: the budget; none where it is left out. */
export interface SettlementsTask {
  readonly kind: 'partitions'
  readonly settlements: number
  readonly blocks: number
  readonly workers: number
  readonly ticks: number
  readonly residentFrames?: number
}

/** What was found: resident bytes, and what shows that the work was right. */
export interface MemoryReport {
  readonly resident: readonly number[]
  readonly work: string
}

/** Resident bytes after what is no longer reachable is gone: buffers go with a later turn than what held them. */
async function resident(): Promise<number> {
  for (let turns = 0; turns < 3; turns++) {
    globalThis.gc?.()
    await delay(20)
  }
  return process.memoryUsage().rss
}

async function world(task: MemoryTask & { kind: 'world' }): Promise<MemoryReport> {
  const { people, workers, ticks } = task
  const sim = await Simulation.create<typeof epidemic>(EPIDEMIC, { workers, seed: 7, params: { people } })
  await sim.run({ ticks })
  const found = await resident()
  const work = await sim.hash()
  await sim.close()
  return { resident: [found], work }
}

async function cycles({ cycles, every, rows }: MemoryTask & { kind: 'cycles' }): Promise<MemoryReport> {
  const found: number[] = []
  let right = 0
  for (let done = 1; done <= cycles; done++) {
    const sim = await Simulation.create(new URL('./scenarios/moving.js', import.meta.url), {
      workers: 2,
      params: { rows },
    })
    await sim.run({ ticks: 64 })
    if (sim.world.population(mover).column('x')[62] === 62 + 31) right++
    await sim.close()
    if (done % every === 0) found.push(await resident())
  }
  return { resident: found, work: String(right) }
}

async function partitions(task: SettlementsTask): Promise<MemoryReport> {
  const { settlements, blocks, workers, ticks, residentFrames } = task
  const sim = await Simulation.create(new URL('./scenarios/settlements.js', import.meta.url), {
    workers,
    seed: 7,
    params: { settlements, folk: Math.max(1, blocks * BLOCK) },
    limits: residentFrames === undefined ? {} : { residentFrames },
  })
  await sim.run({ ticks })
  const found = await resident()
  const work = await sim.hash()
  await sim.close()
  return { resident: [found], work }
}

const task = JSON.parse(process.argv[2]) as MemoryTask // written by measure-memory.ts
const report =
  task.kind === 'world' ? await world(task) : task.kind === 'cycles' ? await cycles(task) : await partitions(task)
process.send?.(report, () => process.disconnect())

// The task queue beside the pool that it is made of: microseconds for a task that does nothing, from the call to its result,
// with as many threads. And 100,000 tasks of random priorities that are there before start: in which order they begin.
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { TaskQueue } from '../../lib/index.js'
import { type BenchCase, interleave, median, milliseconds, quotients, samplesOf, type Work } from '../harness.js'

const MODULE = new URL('../task-functions.js', import.meta.url)
const THREADS = 2
const MOST = 1.5

/** Enqueues tasks before start; whether they have begun by priority, first in first out within one. */
async function inOrder(count: number): Promise<{ ms: number; work: Work }> {
  const order = new SharedArrayBuffer(4 * (1 + count))
  const queue = new TaskQueue({ maxWorkers: 1, maxQueueSize: count })
  const priorities = Array.from({ length: count }, (_, i) => ((i * 48_271) % 2_147_483_647) % 1000)
  for (const [i, priority] of priorities.entries())
    queue.enqueue({ module: MODULE, name: 'note' }, { order, i }, { priority })
  const ms = await milliseconds(async () => {
    queue.start()
    await queue.drain()
  })
  await queue.stop()
  const expected = priorities.map((_, i) => i).sort((a, b) => priorities[a] - priorities[b] || a - b)
  const [begun, ...found] = new Int32Array(order)
  const right = found.filter((i, at) => i === expected[at]).length
  return {
    ms,
    work: { what: `of ${count} tasks, begun and in order`, found: `${begun} ${right}`, expected: `${count} ${count}` },
  }
}

export const taskQueue: BenchCase = {
  name: 'task-queue',
  about: `microseconds a task that does nothing, on ${THREADS} threads`,
  rounds: 21,
  async run({ smoke, rounds }) {
    const tasks = smoke ? 500 : 10_000
    const pool = new Piscina({ filename: fileURLToPath(MODULE), name: 'add', minThreads: THREADS, maxThreads: THREADS })
    const queue = new TaskQueue({ maxWorkers: THREADS })
    queue.start()
    const sums = { TaskQueue: 0, Piscina: 0 }
    const contender = (name: keyof typeof sums, call: (args: { a: number; b: number }) => Promise<number>) => ({
      name,
      async round() {
        const results: Promise<number>[] = []
        const ms = await milliseconds(async () => {
          for (let i = 0; i < tasks; i++) results.push(call({ a: i, b: 1 }))
          for (const sum of await Promise.all(results)) sums[name] += sum
        })
        return (ms * 1000) / tasks
      },
    })
    const contenders = [
      contender('TaskQueue', args => queue.getResult<number>(queue.enqueue({ module: MODULE, name: 'add' }, args))),
      contender('Piscina', args => pool.run(args)),
    ]
    const samples = await interleave(contenders, rounds, 2)
    const asked = (rounds + 2) * ((tasks * (tasks + 1)) / 2)
    await queue.stop()
    await pool.destroy()
    const ordered = await inOrder(smoke ? 2000 : 100_000)
    const figure = median(quotients(samplesOf(samples, 'TaskQueue'), samplesOf(samples, 'Piscina')))
    return {
      lines: [
        ...contenders.map(({ name }) => ({ name, unit: 'us', samples: samplesOf(samples, name) })),
        { name: 'tasks of random priorities, all of them', unit: 'ms', samples: [ordered.ms] },
      ],
      targets: [{ claim: `at most ${MOST} times the time of Piscina`, figure, unit: 'x', holds: figure <= MOST }],
      work: [
        ...contenders.map(({ name }) => ({
          what: `sum of results, ${name}`,
          found: `${sums[name]}`,
          expected: `${asked}`,
        })),
        ordered.work,
      ],
    }
  },
}

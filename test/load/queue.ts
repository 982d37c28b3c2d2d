// The task queue under tens of thousands of tasks: most add two numbers, and in every thousand some throw, end their thread,
// spin until they are ended, succeed in a later try, depend on one another, or are cancelled before or while they run. What
// becomes of each is known beforehand, and counted. Besides, the coins of all NPCs go through threads and back as reports.
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { inequality } from '../../examples/fastify/inequality.js'
import { grouped } from '../../lib/cli/numbers.js'
import { type EnqueueOptions, PopulaceError, TaskQueue } from '../../lib/index.js'
import { MODULE } from '../fixtures/tasks.js'
import {
  Account,
  type Effort,
  type Load,
  type LoadOutcome,
  nextTurn,
  OwnWatch,
  type Row,
  Stopwatch,
} from './harness.js'

const REPORT = { module: new URL('../../examples/fastify/inequality.js', import.meta.url), name: 'inequality' }
const THREADS = 2
const CYCLE = 1000
/** Less than two cycles: producers find the queue full again and again. */
const ROOM = 1500
const REPORTS_AT_ONCE = 4

/** What is enqueued, and what has to become of it: a value, or the code of an error. */
interface Planned {
  readonly name: string
  readonly args?: unknown
  readonly options?: EnqueueOptions
  readonly value?: unknown
  readonly code?: string
  readonly tries?: number
  /** Tries that end their thread, and that take too long. */
  readonly crashes?: number
  readonly late?: number
}

/** The task at a place of its cycle. @param ids - of the tasks of this cycle so far. */
function planned(place: number, ids: readonly number[]): Planned {
  if (place === 0) return { name: 'exit', code: 'TASK_CRASHED', crashes: 1 }
  if (place === 250) return { name: 'spin', options: { timeout: 20 }, code: 'TASK_TIMEOUT', late: 1 }
  if (place === 500) {
    return { name: 'exitUntil', args: { attempt: 2 }, options: again(1), value: 2, tries: 2, crashes: 1 }
  }
  if (place === 750) return { name: 'fail', options: again(2), code: 'TASK_FAILED', tries: 3 }
  if (place % 100 === 10) return { name: 'fail', code: 'TASK_FAILED' }
  if (place % 100 === 20) return { name: 'add', args: { a: place, b: 1 }, code: 'TASK_CANCELLED' }
  if (place % 100 === 30) {
    return { name: 'add', args: { a: place, b: 1 }, options: { dependsOn: [ids[place - 20]] }, code: 'TASK_DEPENDENCY' }
  }
  if (place % 100 === 40) {
    return { name: 'add', args: { a: place, b: 1 }, options: { dependsOn: [ids[place - 1]] }, value: place + 1 }
  }
  if (place % 10 === 5) {
    const buffer = new ArrayBuffer(8 * place)
    return { name: 'lengthOf', args: buffer, options: { transferList: [buffer] }, value: buffer.byteLength }
  }
  return { name: 'add', args: { a: place, b: 1 }, options: { priority: place % 7 }, value: place + 1 }
}

const again = (retries: number) => ({ retries, retryDelayMs: 1 })

/** What has to have become of all tasks, and what has. */
class Tally {
  readonly expected = {
    done: 0,
    failed: 0,
    cancelled: 0,
    retried: 0,
    crashed: 0,
    timedOut: 0,
    refused: 0,
    threadsLost: 0,
  }
  enqueued = 0
  wrong = 0
  /** Tasks of which it is not noted yet what became of them. */
  open = 0

  expect({ code, tries = 1, crashes = 0, late = 0 }: Planned): void {
    const { expected } = this
    this.enqueued++
    if (code === undefined) expected.done++
    else if (code === 'TASK_CANCELLED') expected.cancelled++
    else expected.failed++
    expected.retried += tries - 1
    expected.crashed += crashes
    expected.timedOut += late
  }

  /** Notes what becomes of a task. */
  async follow(result: Promise<unknown>, { value, code }: Planned): Promise<void> {
    this.open++
    try {
      if ((await result) !== value || code !== undefined) this.wrong++
    } catch (error) {
      if (!(error instanceof PopulaceError) || error.code !== code) this.wrong++
    } finally {
      this.open--
    }
  }
}

/** Enqueues a task as soon as there is room, and counts how often there was none. */
async function enqueue(queue: TaskQueue, tally: Tally, plan: Planned): Promise<number> {
  for (;;) {
    try {
      const id = queue.enqueue({ module: MODULE, name: plan.name }, plan.args, plan.options)
      tally.expect(plan)
      void tally.follow(queue.getResult(id), plan)
      return id
    } catch (error) {
      if (!(error instanceof PopulaceError) || error.code !== 'TASK_QUEUE_FULL') throw error
      tally.expected.refused++
      await delay(1)
    }
  }
}

/** Cancels a task in the middle of it: with its thread, which waits for nobody. */
async function interrupt(queue: TaskQueue, tally: Tally): Promise<void> {
  const gate = new SharedArrayBuffer(8)
  const plan = { name: 'waitFor', args: { gate }, options: { priority: -1 }, code: 'TASK_CANCELLED' }
  const id = await enqueue(queue, tally, plan)
  while (Atomics.load(new Int32Array(gate), 0) === 0) await nextTurn() // stored by waitFor, when it has begun
  if (!queue.cancel(id)) tally.wrong++
}

async function cycle(queue: TaskQueue, tally: Tally): Promise<void> {
  const ids: number[] = []
  for (let place = 0; place < CYCLE; place++) {
    const plan = planned(place, ids)
    const id = await enqueue(queue, tally, plan)
    if (plan.code === 'TASK_CANCELLED' && !queue.cancel(id)) tally.wrong++
    ids.push(id)
  }
  await interrupt(queue, tally)
}

async function manyTasks(seconds: number): Promise<LoadOutcome> {
  const tally = new Tally()
  const queue = new TaskQueue({ maxWorkers: THREADS, maxQueueSize: ROOM })
  const own = new OwnWatch()
  const watch = new Stopwatch()
  queue.start()
  do await cycle(queue, tally)
  while (watch.seconds < seconds)
  await queue.drain()
  const took = watch.seconds
  while (tally.open > 0) await nextTurn()
  const besides = await own.end()
  await queue.stop()
  const { waits, runs, ...stats } = queue.getStats()
  const account = new Account('tasks')
  account.add('accepted = enqueued', stats.accepted, tally.enqueued)
  for (const count of Object.keys(tally.expected) as (keyof Tally['expected'])[]) {
    account.add(count, stats[count], tally.expected[count])
  }
  account.add('accepted = done + failed + cancelled', stats.accepted, stats.done + stats.failed + stats.cancelled)
  const left = stats.waiting + stats.delayed + stats.blocked + stats.running
  account.add('waiting, delayed, blocked and running after stop', left, 0)
  account.add('tasks that came to another end than they have to', tally.wrong, 0)
  const { done, failed, cancelled, retried, crashed, timedOut, refused } = stats
  const rows: Row[] = [
    {
      name: 'tasks, until they begin',
      count: stats.accepted,
      seconds: took,
      latency: waits,
      besides: { done, failed, cancelled, retried, crashed, timedOut, refused, ...besides },
    },
    { name: 'tasks, from there to their end', count: waits.count, seconds: took, latency: runs },
  ]
  return { rows, account: account.entries }
}

/** The coins of so many NPCs: the same each time. */
const coinsOf = (npcs: number) => Int32Array.from({ length: npcs }, (_, i) => (i * 48_271) % 1009)

async function reports(npcs: number, seconds: number): Promise<LoadOutcome> {
  const all = coinsOf(npcs)
  const expected = inequality(all.slice()) // it sorts what it gets
  const queue = new TaskQueue({ maxWorkers: THREADS, maxResults: REPORTS_AT_ONCE })
  queue.start()
  const own = new OwnWatch()
  const watch = new Stopwatch()
  let [asked, wrong] = [0, 0]
  const ask = async () => {
    do {
      const coins = all.slice()
      asked++
      const id = queue.enqueue(REPORT, coins, { transferList: [coins.buffer] })
      if (!isDeepStrictEqual(await queue.getResult(id), expected)) wrong++
    } while (watch.seconds < seconds)
  }
  await Promise.all(Array.from({ length: REPORTS_AT_ONCE }, ask))
  const took = watch.seconds
  const besides = await own.end()
  await queue.stop()
  const { done, accepted, runs } = queue.getStats()
  const name = `reports of ${grouped(npcs)} NPCs`
  const account = new Account(name)
  account.add('accepted = asked for', accepted, asked)
  account.add('done', done, asked)
  account.add('reports that are not what the main thread comes to', wrong, 0)
  const row = { name, count: done, seconds: took, latency: runs, besides }
  return { rows: [row], account: account.entries }
}

export const queue: Load = {
  name: 'queue',
  about: `a TaskQueue of ${THREADS} threads under tasks that work, fail, crash, hang, wait for one another or are cancelled`,
  npcs: [1000, 100_000, 1_000_000],
  smokeNpcs: [100_000],
  async run({ npcs, seconds }: Effort): Promise<LoadOutcome> {
    const parts = [await manyTasks(seconds)]
    for (const count of npcs) parts.push(await reports(count, seconds))
    return { rows: parts.flatMap(({ rows }) => rows), account: parts.flatMap(({ account }) => account) }
  },
}

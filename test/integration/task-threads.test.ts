// The task queue with real threads: what tasks get and give, and that whatever one does, only it fails.
import { createHook } from 'node:async_hooks'
import { Piscina } from 'piscina'
import { test } from 'tap'
import { type EnqueueOptions, PopulaceError, TaskQueue, type TaskQueueOptions } from '../../lib/index.js'
import { refusedLater } from '../fixtures/refused.js'
import { MODULE } from '../fixtures/tasks.js'

type Teardown = { teardown(work: () => unknown): void }

function queueFor(t: Teardown, options: TaskQueueOptions = {}) {
  const queue = new TaskQueue({ maxWorkers: 1, ...options })
  t.teardown(() => queue.stop({ timeout: 1 }).catch(error => error))
  const enqueue = (name: string, args?: unknown, more?: EnqueueOptions) =>
    queue.enqueue({ module: MODULE, name }, args, more)
  const result = (name: string, args?: unknown, more?: EnqueueOptions) => queue.getResult(enqueue(name, args, more))
  return { queue, enqueue, result }
}

/** Two shared words: a task sets the first when it has begun, and waits for the second. */
function gate() {
  const shared = new SharedArrayBuffer(8)
  const words = new Int32Array(shared)
  const open = () => {
    Atomics.store(words, 1, 1)
    Atomics.notify(words, 1) // pairs with the wait in waitFor
  }
  const begun = async () => {
    while (Atomics.load(words, 0) === 0) await new Promise(resolve => setImmediate(resolve)) // set by waitFor
  }
  return { shared, open, begun }
}

test('tasks are called with their arguments, and give their results', async t => {
  const { queue, result } = queueFor(t, { maxWorkers: 2 })
  queue.start()
  t.equal(await result('add', { a: 1, b: 2 }), 3)
  t.equal(await queue.getResult(queue.enqueue({ module: MODULE.href })), 'default')
  t.strictSame(await result('same', [new Date(0), new Map([[1, 2n]]), undefined]), [
    new Date(0),
    new Map([[1, 2n]]),
    undefined,
  ])
  t.equal(await result('same'), undefined)
  t.strictSame(await result('contextOf', 1), { id: 5, attempt: 1 })
})

test('tasks leave no timers behind, of which each would end the thread that it finds idle', async t => {
  const timers = new Set<number>()
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: id => void timers.delete(id),
  }).enable()
  t.teardown(() => hook.disable())
  const { queue, result } = queueFor(t)
  queue.start()
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 50 }, (_, i) => result('add', { a: round, b: i })))
  await new Promise(setImmediate)
  t.ok(timers.size < 10, `${timers.size} timers after 500 tasks`)
})

test('100,000 tasks of random priorities begin in order, first in first out within one', async t => {
  const { queue, enqueue } = queueFor(t, { maxQueueSize: 100_000 })
  const count = 100_000
  const order = new SharedArrayBuffer(4 * (1 + count))
  const priorities = Array.from({ length: count }, (_, i) => ((i * 7919) % 101) - 50)
  for (const [i, priority] of priorities.entries()) enqueue('note', { order, i }, { priority })
  queue.start()
  await queue.drain()
  const expected = priorities.map((_, i) => i).sort((a, b) => priorities[a] - priorities[b] || a - b)
  const [begun, ...found] = new Int32Array(order)
  t.equal(begun, count)
  t.ok(found.every((i, at) => i === expected[at]))
  t.match(queue.getStats(), { accepted: count, done: count, waiting: 0, running: 0 })
})

test('buffers are moved there and back', async t => {
  const { queue, result } = queueFor(t)
  queue.start()
  const listed = new ArrayBuffer(1000)
  t.equal(await result('lengthOf', listed, { transferList: [listed] }), 1000)
  t.equal(listed.byteLength, 0)
  const moved = new ArrayBuffer(2000)
  t.equal(await result('lengthOf', Piscina.move(moved)), 2000)
  t.equal(moved.byteLength, 0)
  const view = new Uint8Array([1, 2, 3])
  t.strictSame(await result('same', Piscina.move(view)), new Uint8Array([1, 2, 3]))
  t.equal(view.length, 0)
  const again = new ArrayBuffer(8)
  t.equal(await result('lengthOf', again, { transferList: [again], retries: 1 }), 8)
  t.strictSame(await result('give', { length: 5 }), new ArrayBuffer(5))
})

test('a task that throws fails with what it threw, and its thread goes on', async t => {
  const { queue, enqueue, result } = queueFor(t)
  queue.start()
  const id = enqueue('fail')
  await refusedLater(t, 'TASK_FAILED', /Task 1, 'fail', threw: too far/, () => queue.getResult(id))
  const { error } = queue.getStatus(id)
  t.match(error?.cause, { name: 'RangeError', message: 'too far' })
  await refusedLater(t, 'TASK_FAILED', /threw: \[object Object\]/, () => result('failOddly'))
  t.equal(await result('add', { a: 1, b: 1 }), 2)
  t.equal(queue.getStats().crashed, 0)
})

test('a task that returns what cannot cross a thread fails', async t => {
  const { queue, result } = queueFor(t)
  queue.start()
  await refusedLater(t, 'TASK_FAILED', /returned what cannot cross/, () => result('returnFunction'))
  t.equal(await result('add', { a: 1, b: 1 }), 2)
})

test('a task of no module or no function is refused, and is not tried again', async t => {
  const { queue, result } = queueFor(t)
  queue.start()
  await refusedLater(t, 'TASK_INVALID', /no function 'ad'.* exports: .*add/, () => result('ad', 1, { retries: 3 }))
  const missing = { module: new URL('./missing.js', MODULE) }
  await refusedLater(t, 'TASK_INVALID', /missing\.js cannot be imported/, () => queue.getResult(queue.enqueue(missing)))
  t.match(queue.getStats(), { failed: 2, retried: 0, crashed: 0 })
})

test('a task that ends its thread fails alone, or is tried again', async t => {
  const { queue, enqueue, result } = queueFor(t, { maxWorkers: 2 })
  const { shared, open, begun } = gate()
  queue.start()
  const beside = enqueue('waitFor', { gate: shared })
  await begun()
  await refusedLater(t, 'TASK_CRASHED', /'exit', ended its thread: .*code: 3/, () => result('exit'))
  t.equal(await result('exitUntil', { attempt: 3 }, { retries: 2, retryDelayMs: 0 }), 3)
  open()
  t.equal(await queue.getResult(beside), 'let go')
  t.match(queue.getStats(), { crashed: 3, retried: 2, done: 2, failed: 1 })
})

test('a task that leaks is ended when it has taken its memory, and only it', async t => {
  const { queue, enqueue, result } = queueFor(t, { maxWorkers: 2, maxMemoryMb: 32 })
  const { shared, open, begun } = gate()
  queue.start()
  const beside = enqueue('waitFor', { gate: shared })
  await begun()
  await refusedLater(t, 'TASK_CRASHED', /'leak', took more than maxMemoryMb of 32/, () => result('leak'))
  open()
  t.equal(await queue.getResult(beside), 'let go')
  t.equal(await result('add', { a: 1, b: 1 }), 2)
})

test('a task that spins or never settles is ended after its timeout, and only it', async t => {
  const { queue, enqueue, result } = queueFor(t, { maxWorkers: 2 })
  const { shared, open, begun } = gate()
  queue.start()
  const beside = enqueue('waitFor', { gate: shared })
  await begun()
  await refusedLater(t, 'TASK_TIMEOUT', /'spin', .* 50 ms/, () => result('spin', 0, { timeout: 50 }))
  await refusedLater(t, 'TASK_TIMEOUT', /'hang'/, () => result('hang', 0, { timeout: 50 }))
  t.equal(
    await result('spinUntil', { attempt: 2 }, { timeout: 500, retries: 9, retryDelayMs: 0 }).then(n => Number(n) > 1),
    true,
  )
  open()
  t.equal(await queue.getResult(beside), 'let go')
})

test('a task that runs can be cancelled, whatever it does', async t => {
  const { queue, enqueue, result } = queueFor(t)
  const { shared, begun } = gate()
  queue.start()
  const id = enqueue('waitFor', { gate: shared })
  await begun()
  t.equal(queue.cancel(id), true)
  await refusedLater(t, 'TASK_CANCELLED', /'waitFor', was cancelled/, () => queue.getResult(id))
  t.equal(await result('add', { a: 1, b: 1 }), 2)
})

test('what a task leaves behind may end its thread, which is counted, and the queue goes on', async t => {
  const { queue, result } = queueFor(t)
  queue.start()
  const first = await result('failLater').catch(error => error)
  t.ok(first === 'returned' || (first instanceof PopulaceError && first.code === 'TASK_CRASHED'), String(first))
  t.equal(await result('add', { a: 1, b: 1 }, { retries: 3, retryDelayMs: 0 }), 2)
  const { crashed, threadsLost } = queue.getStats()
  t.equal(crashed + threadsLost, 1)
})

test('progress can be seen while a task runs, at most 20 times a second', async t => {
  const { queue, enqueue } = queueFor(t)
  const shared = new SharedArrayBuffer(4)
  queue.start()
  const id = enqueue('report', { steps: [{ done: 0.5 }, 2, 3], gate: shared })
  while (queue.getStatus(id).progress === undefined) await new Promise(resolve => setImmediate(resolve))
  t.strictSame(queue.getStatus(id).progress, { done: 0.5 })
  Atomics.store(new Int32Array(shared), 0, 1)
  Atomics.notify(new Int32Array(shared), 0) // pairs with the waitAsync in report
  t.equal(await queue.getResult(id), 3)
  t.strictSame(queue.getStatus(id).progress, { done: 0.5 }, 'the others came too soon after it')
})

test('messages that a task posts itself are nothing to the queue', async t => {
  const { queue, enqueue, result } = queueFor(t)
  queue.start()
  const id = enqueue('postOwn')
  t.equal(await queue.getResult(id), 'posted')
  t.equal(await result('add', { a: 1, b: 1 }), 2)
  t.equal(queue.getStatus(id).progress, undefined)
})

test('stop ends the threads, and a task that spins with them', async t => {
  const { queue, enqueue } = queueFor(t, { maxWorkers: 2 })
  queue.start()
  const [done, spinning] = [enqueue('add', { a: 1, b: 1 }), enqueue('spin')]
  t.equal(await queue.getResult(done), 2)
  await refusedLater(t, 'TASK_TIMEOUT', /1 tasks were left/, () => queue.stop({ timeout: 20 }))
  await refusedLater(t, 'TASK_CANCELLED', /'spin'/, () => queue.getResult(spinning))
  t.match(queue.getStats(), { state: 'stopped', accepted: 2, done: 1, cancelled: 1 })
})

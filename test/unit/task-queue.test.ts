// The rules of the task queue on a fake clock, with fake threads. What real ones do is in test/integration/task-threads.
import { test } from 'tap'
import {
  type EnqueueOptions,
  PopulaceError,
  TaskQueue,
  type TaskQueueOptions,
  type TaskQueueStats,
} from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { FakeRunner } from '../fixtures/fake-runner.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const module = 'file:///tasks.js'
const failed = new PopulaceError('TASK_FAILED', 'It threw', 'Mend it.')

function queueWith(options: TaskQueueOptions = {}) {
  const clock = new FakeClock()
  const runner = new FakeRunner()
  const queue = new TaskQueue({ maxWorkers: 1, ...options }, clock, () => runner)
  const enqueue = (args?: unknown, more?: EnqueueOptions) => queue.enqueue({ module, name: 'work' }, args, more)
  return { clock, runner, queue, enqueue }
}

const balances = (s: TaskQueueStats) =>
  s.accepted === s.done + s.failed + s.cancelled + s.waiting + s.delayed + s.blocked + s.running

test('a task is run and its result can be had by all who ask, before and after', async t => {
  const { queue, runner, enqueue, clock } = queueWith()
  const id = enqueue({ a: 1 })
  const asked = queue.getResult(id)
  t.match(queue.getStatus(id), { id: 1, state: 'waiting', attempts: 0, priority: 0 })
  queue.start()
  t.strictSame(runner.begun, [{ id: 1, attempt: 1, module, name: 'work', args: { a: 1 } }])
  clock.advance(5)
  t.match(queue.getStatus(id), { state: 'running', attempts: 1, waitedMs: 0, ranMs: 5 })
  await runner.running[0].done(7)
  t.equal(await asked, 7)
  t.equal(await queue.getResult(id), 7)
  t.match(queue.getStatus(id), { state: 'done', ranMs: 5, error: undefined })
  t.match(queue.getStats(), { accepted: 1, done: 1, running: 0, results: 1, runs: { count: 1, maxMs: 5 } })
  t.strictSame(clock.waiting, [], 'no timer is left')
})

test('a result that is not to be kept is for those who wait for it, and then gone', async t => {
  const { queue, runner, enqueue } = queueWith()
  const [good, bad] = [enqueue('good', { keepResult: false }), enqueue('bad', { keepResult: false })]
  const asked = [queue.getResult(good), queue.getResult(good), queue.getResult(bad)]
  queue.start()
  const [, , broken] = [asked[0], asked[1], t.rejects(asked[2], { code: 'TASK_FAILED' })]
  await runner.running[0].done(7)
  await runner.running[0].fail(failed)
  t.strictSame(await Promise.all([asked[0], asked[1]]), [7, 7])
  await broken
  refused(t, 'TASK_UNKNOWN', /result of task 1 is kept no longer/, () => queue.getStatus(good))
  t.match(queue.getStats(), { done: 1, failed: 1, results: 0 })
})

test('what a caller changes after enqueue changes nothing', async t => {
  const { queue, runner, enqueue } = queueWith()
  const args = { list: [1] }
  enqueue(args)
  args.list.push(2)
  queue.start()
  t.strictSame(runner.begun[0].args, { list: [1] })
})

test('the lowest priority is next, and among equals the first that came', async t => {
  const { queue, runner, enqueue } = queueWith({ maxWorkers: 2 })
  for (const priority of [3, -1, 3, 0, -1]) enqueue(priority, { priority })
  queue.start()
  while (runner.running.length > 0) await runner.running[0].done(undefined)
  t.strictSame(
    runner.begun.map(call => call.id),
    [2, 5, 4, 1, 3],
  )
  t.equal(runner.most, 2)
})

test('the next task goes to a thread in the turn in which it is free', async t => {
  const { queue, runner, enqueue } = queueWith()
  for (const i of [1, 2, 3]) enqueue(i)
  queue.start()
  await runner.running[0].done(0)
  void runner.running[0].done(0)
  t.equal(runner.begun.length, 3, 'before any promise has settled')
  await runner.running[0].done(0)
  t.match(queue.getStats(), { done: 3, running: 0 })
})

test('a task that takes too long is ended, and only it', async t => {
  const { queue, runner, clock, enqueue } = queueWith({ maxWorkers: 2, taskTimeoutMs: 1000 })
  const [slow, own, other] = [enqueue(1), enqueue(2, { timeout: 10 }), enqueue(3)]
  queue.start()
  const [first, second] = runner.running
  clock.advance(10)
  t.ok(second.ended)
  await refusedLater(t, 'TASK_TIMEOUT', /Task 2, 'work', took longer than its timeout of 10 ms/, () =>
    queue.getResult(own),
  )
  t.match([queue.getStatus(slow).state, queue.getStatus(other).state], ['running', 'running'])
  clock.advance(990)
  t.ok(first.ended)
  t.equal(queue.getStatus(slow).state, 'failed')
  t.match(queue.getStats(), { failed: 2, timedOut: 2, running: 1 })
})

test('a task that failed is tried again, after a wait that doubles', async t => {
  const { queue, runner, clock, enqueue } = queueWith()
  const id = enqueue('x', { retries: 3, retryDelayMs: 20_000 })
  queue.start()
  for (const ms of [20_000, 40_000, 60_000]) {
    await runner.running[0].fail(failed)
    t.match(queue.getStatus(id), { state: 'delayed', error: failed })
    t.strictSame(clock.waiting, [ms])
    clock.advance(ms)
  }
  t.equal(runner.begun.at(-1)?.attempt, 4)
  await runner.running[0].fail(failed)
  await refusedLater(t, 'TASK_FAILED', /It threw/, () => queue.getResult(id))
  t.match(queue.getStats(), { failed: 1, retried: 3 })
  const again = enqueue('y', { retries: 1, retryDelayMs: 0 })
  await runner.running[0].fail(new PopulaceError('TASK_CRASHED', 'It is gone', 'Mend it.'))
  await runner.running[0].done('well')
  t.equal(await queue.getResult(again), 'well')
  t.match(queue.getStatus(again), { state: 'done', attempts: 2, error: undefined })
  const hopeless = enqueue('z', { retries: 5 })
  await runner.running[0].fail(new PopulaceError('TASK_INVALID', 'There is no such task', 'Mend it.'))
  t.match(queue.getStatus(hopeless), { state: 'failed', attempts: 1 }, 'what cannot help is not tried')
  t.match(queue.getStats(), { crashed: 1 })
})

test('a task waits for those it depends on, and fails with one that fails', async t => {
  const { queue, runner, enqueue, clock } = queueWith({ maxWorkers: 9 })
  queue.start()
  const [a, b] = [enqueue('a'), enqueue('b')]
  const both = enqueue('both', { dependsOn: [a, b, a], delayMs: 5 })
  const onB = enqueue('on b', { dependsOn: [b] })
  const further = enqueue('further', { dependsOn: [onB, a] })
  t.match(queue.getStats(), { running: 2, blocked: 3 })
  const [tryA, tryB] = runner.running
  await tryA.done(1)
  t.equal(queue.getStatus(both).state, 'blocked')
  await tryB.done(1)
  t.equal(queue.getStatus(both).state, 'delayed')
  t.equal(queue.getStatus(onB).state, 'running')
  clock.advance(5)
  t.equal(queue.getStatus(both).state, 'running')
  await runner.running[0].fail(failed)
  await refusedLater(t, 'TASK_DEPENDENCY', /Task 5.* depends on task 4, which failed/, () => queue.getResult(further))
  const late = enqueue('late', { dependsOn: [further, a] })
  await refusedLater(t, 'TASK_DEPENDENCY', /task 5, which failed/, () => queue.getResult(late))
  await runner.running[0].done(1)
  const onDone = enqueue('on done', { dependsOn: [a, b] })
  t.equal(queue.getStatus(onDone).state, 'running')
  await runner.running[0].done(1)
  t.ok(balances(queue.getStats()))
  t.match(queue.getStats(), { accepted: 7, done: 4, failed: 3 })
})

test('a long chain of dependents ends with its first', async t => {
  const { queue, enqueue } = queueWith()
  const first = enqueue(0)
  for (let id = first; id < 20_000; ) id = enqueue(0, { dependsOn: [id] })
  t.equal(queue.cancel(first), true)
  t.match(queue.getStats(), { accepted: 20_000, cancelled: 1, failed: 19_999, blocked: 0 })
})

test('a delayed task waits for its time, and then for its turn', async t => {
  const { queue, runner, enqueue, clock } = queueWith()
  queue.start()
  enqueue(1)
  const delayed = enqueue(2, { delayMs: 100 })
  enqueue(3)
  t.equal(queue.getStatus(delayed).state, 'delayed')
  clock.advance(100)
  t.equal(queue.getStatus(delayed).state, 'waiting')
  while (runner.running.length > 0) await runner.running[0].done(undefined)
  t.strictSame(
    runner.begun.map(call => call.id),
    [1, 3, 2],
  )
})

test('a task can be cancelled in every state, once', async t => {
  const { queue, runner, enqueue, clock } = queueWith()
  const running = enqueue('running')
  queue.start()
  const waiting = enqueue('waiting')
  const delayed = enqueue('delayed', { delayMs: 5 })
  const blocked = enqueue('blocked', { dependsOn: [delayed] })
  const [one] = runner.running
  const asked = queue.getResult(running)
  for (const id of [blocked, delayed, waiting, running]) {
    t.equal(queue.cancel(id), true)
    t.equal(queue.getStatus(id).state, 'cancelled')
    t.equal(queue.cancel(id), false)
  }
  t.ok(one.ended)
  await refusedLater(t, 'TASK_CANCELLED', /Task 1, 'work', was cancelled/, () => asked)
  t.match(queue.getStats(), { cancelled: 4, waiting: 0, delayed: 0, blocked: 0, running: 0 })
  t.strictSame(clock.waiting, [])
  enqueue('next')
  t.equal(runner.running.length, 1, 'the thread is free again')
  await runner.running[0].done(1)
  t.equal(queue.cancel(5), false, 'it is done')
})

test('a signal cancels, and is listened to no longer than needed', async t => {
  const { queue, runner, enqueue } = queueWith()
  const controller = new AbortController()
  const { signal } = controller
  queue.start()
  const done = enqueue(1, { signal })
  const waits = enqueue(2, { signal })
  await runner.running[0].done('well')
  controller.abort()
  t.equal(await queue.getResult(done), 'well')
  await refusedLater(t, 'TASK_CANCELLED', /by its signal/, () => queue.getResult(waits))
  refused(t, 'ABORTED', /enqueue/, () => enqueue(3, { signal }))
  t.equal(queue.getStats().accepted, 2)
})

test('a wait for a result can be given up, and the task goes on', async t => {
  const { queue, runner, enqueue, clock } = queueWith()
  const id = enqueue(1)
  queue.start()
  const late = queue.getResult(id, { timeout: 10 })
  const controller = new AbortController()
  const aborted = queue.getResult(id, { signal: controller.signal })
  const patient = queue.getResult(id, { timeout: 10_000 })
  clock.advance(10)
  controller.abort()
  await refusedLater(t, 'TASK_TIMEOUT', /getResult of task 1 .* 10 ms/, () => late)
  await refusedLater(t, 'ABORTED', /getResult/, () => aborted)
  await runner.running[0].done('well')
  t.equal(await patient, 'well')
  t.strictSame(clock.waiting, [])
})

test('one task more than maxQueueSize is refused, and running ones do not count', async t => {
  const { queue, runner, enqueue } = queueWith({ maxQueueSize: 2 })
  queue.start()
  for (const i of [1, 2, 3]) enqueue(i)
  const buffer = new ArrayBuffer(8)
  refused(t, 'TASK_QUEUE_FULL', /maxQueueSize of 2/, () => enqueue(buffer, { transferList: [buffer] }))
  t.equal(buffer.byteLength, 8, 'what was to be moved stays')
  t.match(queue.getStats(), { accepted: 3, refused: 1, waiting: 2, running: 1 })
  await runner.running[0].done(1)
  t.equal(enqueue(4), 4)
})

test('results are kept for a time and up to a number', async t => {
  const { queue, runner, enqueue, clock } = queueWith({ resultTtlMs: 100, maxResults: 2 })
  queue.start()
  for (const i of [1, 2, 3]) {
    enqueue(i)
    await runner.running[0].done(i)
    clock.advance(10)
  }
  await refusedLater(t, 'TASK_UNKNOWN', /task 1 is kept no longer/, () => queue.getResult(1))
  t.equal(await queue.getResult(2), 2)
  clock.advance(80)
  refused(t, 'TASK_UNKNOWN', /task 2 is kept no longer/, () => queue.getStatus(2))
  t.equal(queue.getStats().results, 1)
  refused(t, 'TASK_UNKNOWN', /there was no task 4/, () => queue.cancel(4))
  refused(t, 'TASK_UNKNOWN', /task 1 is kept no longer/, () => enqueue(1, { dependsOn: [1] }))
  const none = queueWith({ maxResults: 0 })
  none.queue.start()
  const asked = none.queue.getResult(none.enqueue(1))
  await none.runner.running[0].done('well')
  t.equal(await asked, 'well', 'who asked before gets it all the same')
})

test('a recurring task is enqueued at a fixed rate, and left out while the one before goes on', async t => {
  const { queue, runner, clock } = queueWith({ maxQueueSize: 1 })
  queue.start()
  const schedule = queue.schedule({ module, name: 'work' }, { a: 1 }, { everyMs: 100, times: 3 })
  t.equal(runner.begun.length, 0)
  clock.advance(100)
  t.match(runner.begun[0].args, { a: 1 })
  clock.advance(250)
  t.match([schedule.runs, schedule.skipped, schedule.lastId, schedule.active], [1, 2, 1, true])
  await runner.running[0].done(1)
  clock.advance(49)
  t.equal(schedule.runs, 1)
  clock.advance(1)
  t.equal(schedule.runs, 2, 'at 400 as if none had been left out')
  await runner.running[0].done(1)
  queue.enqueue({ module, name: 'work' })
  queue.enqueue({ module, name: 'work' })
  clock.advance(100)
  t.match(queue.getStats(), { refused: 1, schedules: 1 })
  t.equal(schedule.skipped, 3)
  for (const _ of [1, 2]) await runner.running[0].done(1)
  clock.advance(100)
  t.match([schedule.runs, schedule.active, queue.getStats().schedules], [3, false, 0])
  await runner.running[0].done(1)
  const other = queue.schedule({ module }, undefined, { everyMs: 10 })
  other.cancel()
  other.cancel()
  clock.advance(100)
  t.equal(other.runs, 0)
  queue.schedule({ module }, undefined, { everyMs: 10 })
  await queue.stop()
  t.strictSame(clock.waiting, [], 'stop ends schedules')
})

test('stop runs all that was accepted, started or not, and refuses the rest', async t => {
  const { queue, runner, enqueue, clock } = queueWith()
  await refusedLater(t, 'TASK_QUEUE_NOT_STARTED', /before start/, () => (enqueue(0), queue.drain()))
  const id = enqueue(1, { delayMs: 10 })
  const stopping = queue.stop()
  refused(t, 'TASK_QUEUE_STOPPED', /given a task after stop/, () => enqueue(2))
  refused(t, 'TASK_QUEUE_STOPPED', /given a schedule/, () => queue.schedule({ module }, 1, { everyMs: 1 }))
  refused(t, 'TASK_QUEUE_STOPPED', /started/, () => queue.start())
  await runner.running[0].done(0)
  clock.advance(10)
  t.notOk(runner.closed)
  await runner.running[0].done('well')
  await stopping
  await queue.stop()
  t.ok(runner.closed)
  t.equal(await queue.getResult(id), 'well', 'results are kept')
  t.match(queue.getStats(), { state: 'stopped', accepted: 2, done: 2 })
  await queue.drain()
})

test('a stop that takes too long cancels what is left, and every task is accounted for', async t => {
  const { queue, runner, enqueue, clock } = queueWith()
  queue.start()
  const ids = [enqueue(1), enqueue(2), enqueue(3, { delayMs: 1e6 })]
  enqueue(4, { dependsOn: [ids[1]] })
  const drained = queue.drain()
  const stopping = queue.stop({ timeout: 100 })
  clock.advance(100)
  await refusedLater(t, 'TASK_TIMEOUT', /4 tasks were left/, () => stopping)
  t.match(queue.getStats(), { state: 'stopped', cancelled: 3, failed: 1, running: 0, waiting: 0 })
  t.ok(balances(queue.getStats()))
  await drained
  t.equal(runner.begun.length, 1, 'no other began because one was cancelled')
  t.ok(runner.closed)
  t.strictSame(clock.waiting, [])
})

test('a drain can be given up, and the queue goes on', async t => {
  const { queue, runner, enqueue, clock } = queueWith()
  await queue.drain()
  queue.start()
  enqueue(1)
  const late = queue.drain({ timeout: 5 })
  clock.advance(5)
  await refusedLater(t, 'TASK_TIMEOUT', /draining .* 5 ms/, () => late)
  await refusedLater(t, 'ABORTED', /drain/, () => queue.drain({ signal: AbortSignal.abort() }))
  const drained = queue.drain()
  await runner.running[0].done(1)
  await drained
})

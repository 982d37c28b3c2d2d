// The task queue against a model of it, over random programs on a fake clock: after every step each task is in the same
// state, has been tried as often, and all have begun in the same order; no result is lost, doubled or another task's.
import fc from 'fast-check'
import { test } from 'tap'
import { PopulaceError, TaskQueue } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { FakeRunner } from '../fixtures/fake-runner.js'
import { TaskModel } from '../fixtures/task-model.js'

const options = fc.record({
  priority: fc.integer({ min: -2, max: 2 }),
  timeout: fc.integer({ min: 20, max: 60 }),
  retries: fc.integer({ min: 0, max: 2 }),
  retryDelayMs: fc.integer({ min: 0, max: 15 }),
  delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
})
const programs = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ enqueue: options, after: fc.array(fc.nat(), { maxLength: 2 }) }) },
    { weight: 5, arbitrary: fc.record({ finish: fc.nat(), well: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ cancel: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ advance: fc.integer({ min: 1, max: 25 }) }) },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
)

const turn = () => new Promise(resolve => setImmediate(resolve))

/** A queue and its model, kept in step. */
class Pair {
  readonly clock = new FakeClock()
  readonly runner = new FakeRunner()
  readonly queue: TaskQueue
  readonly model: TaskModel
  /** How often each task's result was told to who asked, and as what. */
  readonly told: string[][] = []
  readonly #maxWorkers: number

  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers
    this.queue = new TaskQueue({ maxWorkers }, this.clock, () => this.runner)
    this.model = new TaskModel(maxWorkers)
    this.queue.start()
  }

  enqueue(given: Parameters<TaskModel['enqueue']>[0], after: readonly number[]): void {
    const known = this.model.tasks.length
    const dependsOn = known === 0 ? [] : after.map(n => 1 + (n % known))
    const id = this.queue.enqueue({ module: 'file:///tasks.js' }, known + 1, { ...given, dependsOn })
    this.model.enqueue(given, dependsOn)
    const told: string[] = []
    this.told.push(told)
    void this.queue.getResult(id).then(
      value => told.push(`${value}`),
      error => told.push(error.code),
    )
  }

  async finish(which: number, well: boolean): Promise<void> {
    const { running } = this.runner
    if (running.length === 0) return
    const one = running[which % running.length]
    const { id, args } = one.call
    this.model.finish(id, well)
    if (well) await one.done(`result of ${args}`)
    else await one.fail(new PopulaceError('TASK_FAILED', 'It threw', 'Mend it.'))
    await turn() // by then the queue has heard of it, so no time limit can come between
  }

  cancel(which: number): void {
    const known = this.model.tasks.length
    if (known === 0) return
    const id = 1 + (which % known)
    same('cancel', this.queue.cancel(id), this.model.cancel(id))
  }

  advance(ms: number): void {
    this.clock.advance(ms)
    this.model.advance(ms)
  }

  check(): void {
    const { tasks, begun } = this.model
    const statuses = tasks.map(({ id }) => this.queue.getStatus(id))
    same(
      'states',
      statuses.map(each => [each.state, each.attempts]),
      tasks.map(task => [task.state, task.attempts]),
    )
    same(
      'begun',
      this.runner.begun.map(call => call.id),
      begun,
    )
    same('what runs', this.runner.running.length, this.model.count('running'))
    same('at most maxWorkers', this.runner.most <= this.#maxWorkers, true)
    const s = this.queue.getStats()
    same('the sum', s.accepted, s.done + s.failed + s.cancelled + s.waiting + s.delayed + s.blocked + s.running)
  }

  /** What each who asked was told, once all tasks have ended. */
  checkResults(): void {
    const codes = {
      failed: /^TASK_(FAILED|TIMEOUT|DEPENDENCY)$/,
      cancelled: /^TASK_CANCELLED$/,
      done: /^result of \d+$/,
    }
    for (const { id, state } of this.model.tasks) {
      const [told, ...more] = this.told[id - 1]
      same('told once', more, [])
      same(`what is told of a task that is ${state}`, codes[state as keyof typeof codes].test(told), true)
      if (state === 'done') same('the result', told, `result of ${id}`)
    }
  }
}

function same(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: ${a} and not ${b}`)
}

test('a queue does what its model does, and no result is lost or doubled', async t => {
  const seen = { done: 0, failed: 0, cancelled: 0, retried: 0, timedOut: 0 }
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), programs, async (maxWorkers, program) => {
      const pair = new Pair(maxWorkers)
      for (const step of program) {
        if ('enqueue' in step) pair.enqueue(step.enqueue, step.after)
        else if ('finish' in step) await pair.finish(step.finish, step.well)
        else if ('cancel' in step) pair.cancel(step.cancel)
        else pair.advance(step.advance)
        pair.check()
      }
      while (pair.model.count('running', 'delayed', 'waiting', 'blocked') > 0) {
        if (pair.runner.running.length > 0) await pair.finish(0, true)
        else pair.advance(10)
        pair.check()
      }
      await pair.queue.drain()
      await turn()
      pair.checkResults()
      const stats = pair.queue.getStats()
      for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += stats[key]
    }),
    { numRuns: ofCampaign(3000) },
  )
  t.ok(
    Object.values(seen).every(count => count > 50),
    JSON.stringify(seen),
  )
})

// What each public method of the task queue refuses.
import { Piscina } from 'piscina'
import { test } from 'tap'
import { MAX_SCHEDULES } from '../../lib/core/limits.js'
import { type EnqueueOptions, TaskQueue } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { FakeRunner } from '../fixtures/fake-runner.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const module = 'file:///tasks.js'

test('what a queue is given wrongly is refused, and changes nothing', async t => {
  const wrong: Record<string, unknown[]> = {
    maxWorkers: [0, 257, '1'],
    maxQueueSize: [0, 10_000_001, 1.5],
    taskTimeoutMs: [0, 2 ** 31],
    maxMemoryMb: [15, Number.NaN],
    resultTtlMs: [-1],
    maxResults: [-1, 10_000_001],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of TaskQueue`), () => new TaskQueue({ [name]: value }))
    }
  }
  refused(t, 'OPTION_UNKNOWN', /'maxWorker'.*'maxWorkers'/, () => new TaskQueue({ maxWorker: 1 } as never))
  const queue = new TaskQueue({ maxWorkers: 1 }, undefined, () => new FakeRunner())
  const enqueue = (args?: unknown, more?: EnqueueOptions) => queue.enqueue({ module, name: 'work' }, args, more)
  for (const bad of ['tasks.js', 'https://example.org/x.js', 'file', 7, undefined, new URL('data:text/javascript,1')]) {
    refused(t, 'OPTION_INVALID', /'module' of a task/, () => queue.enqueue({ module: bad as string }))
  }
  refused(t, 'OPTION_INVALID', /options of a task are/, () => queue.enqueue((() => 1) as never))
  refused(t, 'OPTION_INVALID', /'name' of a task/, () => queue.enqueue({ module, name: '' }))
  refused(t, 'OPTION_UNKNOWN', /'nam'.*'name'/, () => queue.enqueue({ module, nam: 'x' } as never))
  const options: [string, unknown[]][] = [
    ['priority', [0.5, 1_000_001, '1']],
    ['timeout', [0, -1]],
    ['retries', [-1, 1001]],
    ['retryDelayMs', [-1]],
    ['delayMs', [-1, Number.POSITIVE_INFINITY]],
    ['dependsOn', [1]],
    ['dependsOn.0', [['x'], [0]]],
    ['signal', [1]],
    ['transferList.0', [[1]]],
  ]
  for (const [name, values] of options) {
    const key = name.split('.')[0]
    for (const value of values) {
      refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of enqueue`), () => enqueue(1, { [key]: value }))
    }
  }
  refused(t, 'OPTION_UNKNOWN', /'timeoutMs'.*'timeout'/, () => enqueue(1, { timeoutMs: 1 } as never))
  refused(t, 'TASK_UNKNOWN', /dependsOn of 'work': there was no task 9/, () => enqueue(1, { dependsOn: [9] }))
  refused(t, 'TASK_INVALID', /cannot cross a thread/, () => enqueue(() => 1))
  refused(t, 'TASK_INVALID', /cannot cross a thread/, () => enqueue({ deep: Symbol('x') }))
  const buffer = new ArrayBuffer(8)
  refused(t, 'TASK_INVALID', /cannot cross a thread/, () => enqueue(buffer, { transferList: [buffer, buffer] }))
  const { port1 } = new MessageChannel()
  const port = port1 as never
  refused(t, 'OPTION_INVALID', /can only be moved/, () => enqueue(port, { transferList: [port], retries: 1 }))
  const moved = Piscina.move(port)
  refused(t, 'OPTION_INVALID', /can only be moved/, () => queue.schedule({ module }, moved, { everyMs: 1 }))
  port1.close()
  refused(t, 'OPTION_INVALID', /'everyMs' of schedule/, () => queue.schedule({ module }, 1, {} as never))
  refused(t, 'OPTION_INVALID', /'times' of schedule/, () => queue.schedule({ module }, 1, { everyMs: 1, times: 0 }))
  refused(t, 'OPTION_UNKNOWN', /no option 'signal'/, () =>
    queue.schedule({ module }, 1, { everyMs: 1, signal: 1 } as never),
  )
  for (const id of [Number.NaN, '1', undefined]) {
    refused(t, 'OPTION_INVALID', /id given to getStatus/, () => queue.getStatus(id as number))
    refused(t, 'OPTION_INVALID', /id given to cancel/, () => queue.cancel(id as number))
    await refusedLater(t, 'OPTION_INVALID', /id given to getResult/, () => queue.getResult(id as number))
  }
  await refusedLater(t, 'OPTION_INVALID', /'timeout' of getResult/, () => queue.getResult(1, { timeout: 0 }))
  await refusedLater(t, 'OPTION_INVALID', /'signal' of drain/, () => queue.drain({ signal: 1 as never }))
  await refusedLater(t, 'OPTION_UNKNOWN', /stop has no option 'signal'/, () => queue.stop({ signal: 1 } as never))
  t.match(queue.getStats(), { state: 'new', accepted: 0, schedules: 0 })
  t.equal(buffer.byteLength, 8)
  queue.start()
  refused(t, 'TASK_QUEUE_NOT_STARTED', /started twice/, () => queue.start())
  await queue.stop()
})

test('a queue has no more recurring tasks than it may have', async t => {
  const queue = new TaskQueue({}, new FakeClock(), () => new FakeRunner())
  const schedule = () => queue.schedule({ module }, undefined, { everyMs: 1000 })
  const first = schedule()
  for (let i = 1; i < MAX_SCHEDULES; i++) schedule()
  refused(t, 'TASK_QUEUE_FULL', /10000 recurring tasks/, schedule)
  first.cancel()
  schedule()
  await queue.stop()
})

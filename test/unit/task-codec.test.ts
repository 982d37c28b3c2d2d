// A codec in a host's task queue, on a fake clock and with fake threads: what it asks the queue for, and that whatever the
// queue does with it, all chunks are coded, and are the same.
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { TaskQueue, type TaskQueueOptions } from '../../lib/index.js'
import { TaskCodec } from '../../lib/run/task-codec.js'
import { CHUNK_BYTES, type Chunk, type DecodeTask, type EncodeTask } from '../../lib/state/chunks.js'
import { type Codec, type CodecTask, inlineCodec } from '../../lib/state/codec.js'
import codeInThread from '../../workers/codec.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { FakeRunner, type FakeTry } from '../fixtures/fake-runner.js'

const CHUNKS = 23

/** Counts what is not coded in the queue. */
class Elsewhere implements Codec {
  chunks = 0

  encode(tasks: readonly EncodeTask[]): Promise<Chunk[]> {
    this.chunks += tasks.length
    return inlineCodec.encode(tasks)
  }

  decode(tasks: readonly DecodeTask[]): Promise<void> {
    this.chunks += tasks.length
    return inlineCodec.decode(tasks)
  }
}

function codecWith(options: TaskQueueOptions = {}) {
  const clock = new FakeClock()
  const runner = new FakeRunner()
  const queueClock = new FakeClock()
  const queue = new TaskQueue({ maxWorkers: 2, ...options }, queueClock, () => runner)
  /** Stops it at once, with what is in it. */
  const stop = async () => {
    const stopped = queue.stop({ timeout: 1 }).catch(error => error)
    queueClock.advance(1)
    await stopped
  }
  const elsewhere = new Elsewhere()
  return { clock, runner, queue, stop, elsewhere, codec: new TaskCodec(queue, elsewhere, clock) }
}

/** Pieces of some memory that is not all the same, each with a base that differs a little where `changed`. */
function pieces(n = CHUNKS, changed = false): EncodeTask[] {
  const [buffer, before] = [new SharedArrayBuffer(n * CHUNK_BYTES), new SharedArrayBuffer(n * CHUNK_BYTES)]
  const [words, old] = [new Uint32Array(buffer), new Uint32Array(before)]
  for (let i = 0; i < words.length; i++) words[i] = old[i] = Math.imul(i, 2654435761) >>> 20
  for (let i = 0; i < words.length; i += 1000) old[i]++
  return Array.from({ length: n }, (_, i) => {
    const [offset, bytes] = [i * CHUNK_BYTES, CHUNK_BYTES]
    const base = { buffer: before, offset, bytes }
    return { buffer, offset, bytes, kind: 'u32', filter: 'planes', ...(changed ? { base } : {}) }
  })
}

/** Chunks as text that tells any difference. */
const shown = (chunks: readonly Chunk[]) =>
  chunks.map(({ stored, digest, seal }) =>
    [stored, digest, seal].map(bytes => Buffer.from(bytes).toString('hex')).join(' '),
  )

const run = (one: FakeTry) => one.done(codeInThread(one.call.args as CodecTask))

/** Does what the queue is given until `work` has come to its end; `act`, instead of a try, by its number. */
async function through<T>(runner: FakeRunner, work: Promise<T>, act: Record<number, (one: FakeTry) => unknown> = {}) {
  let isGoing = true
  let at = 0
  const end = work.finally(() => (isGoing = false))
  end.catch(() => undefined) // told by the caller's await
  while (isGoing) {
    const [next] = runner.running
    if (next) await (act[at++] ?? run)(next)
    await setImmediate()
  }
  return end
}

test('chunks that a queue codes are those of any other codec, in order', async t => {
  for (const changed of [false, true]) {
    const { codec, runner, queue, elsewhere } = codecWith()
    queue.start()
    const tasks = pieces(CHUNKS, changed)
    t.strictSame(shown(await through(runner, codec.encode(tasks))), shown(await inlineCodec.encode(tasks)))
    t.equal(elsewhere.chunks, 0)
    t.match(codec.counts, { batches: runner.begun.length, lost: 0, elsewhere: 0 })
    t.match(queue.getStats(), { done: runner.begun.length, results: 0 }, 'the queue keeps none of it')
  }
})

test('its tasks go before those of the host, and the queue is never full of them', async t => {
  const { codec, runner, queue } = codecWith({ maxWorkers: 1 })
  const host = queue.enqueue({ module: 'file:///tasks.js' })
  const encoded = codec.encode(pieces())
  await setImmediate()
  t.equal(queue.getStats().accepted, 1, 'what is not started is given nothing')
  await encoded
  queue.start()
  await runner.running[0].done(undefined)
  t.equal(queue.getStatus(host).state, 'done')
  queue.enqueue({ module: 'file:///tasks.js', name: 'first' })
  queue.enqueue({ module: 'file:///tasks.js', name: 'second' })
  const again = codec.encode(pieces(64))
  t.ok(queue.getStats().waiting <= 17, 'a few at a time')
  await through(runner, again, { 0: one => one.done(undefined) })
  t.same(runner.begun.map(({ name }) => name).slice(0, 3), ['default', 'first', 'default'])
})

for (const what of ['cancelled', 'crashed', 'stopped']) {
  test(`where a task is ${what} the rest is coded elsewhere, and is the same`, async t => {
    for (const at of [0, 3]) {
      const { codec, runner, queue, stop, elsewhere } = codecWith({ maxWorkers: 1 })
      queue.start()
      const act = (one: FakeTry) => {
        if (what === 'cancelled') return queue.cancel(one.call.id)
        return what === 'stopped' ? stop() : one.fail(Object.assign(new Error('gone'), { code: 'TASK_CRASHED' }))
      }
      const tasks = pieces(40)
      const encoded = await through(runner, codec.encode(tasks), { [at]: act })
      t.strictSame(shown(encoded), shown(await inlineCodec.encode(tasks)))
      t.ok(elsewhere.chunks > 0)
      t.ok(codec.counts.lost > 0 && codec.counts.elsewhere === elsewhere.chunks)
    }
  })
}

test('a queue that is full, was never started or is stopped is done without', async t => {
  for (const how of ['full', 'new', 'stopped']) {
    const { codec, runner, queue, elsewhere } = codecWith({ maxQueueSize: 1, maxWorkers: 1 })
    if (how === 'full') queue.start()
    for (let i = 0; how === 'full' && i < 2; i++) queue.enqueue({ module: 'file:///tasks.js' })
    if (how === 'stopped') await queue.stop()
    t.strictSame(shown(await codec.encode(pieces())), shown(await inlineCodec.encode(pieces())), how)
    t.equal(elsewhere.chunks, CHUNKS)
    t.equal(runner.running.length, how === 'full' ? 1 : 0)
  }
})

test('where all threads do something else for long it waits no longer, and nothing of it is left in the queue', async t => {
  const { codec, clock, queue, elsewhere } = codecWith({ maxWorkers: 1 })
  queue.start()
  queue.enqueue({ module: 'file:///tasks.js' })
  const encoded = codec.encode(pieces())
  t.ok(queue.getStats().waiting > 0)
  t.strictSame(clock.waiting, [100])
  clock.advance(100)
  t.strictSame(shown(await encoded), shown(await inlineCodec.encode(pieces())))
  t.equal(elsewhere.chunks, CHUNKS)
  t.match(queue.getStats(), { waiting: 0, running: 1 }, "the host's task goes on")
  t.strictSame(clock.waiting, [], 'no timer is left')
})

test('what has a thread is waited for, however long the others wait', async t => {
  const { codec, clock, runner, queue, elsewhere } = codecWith({ maxWorkers: 1 })
  queue.start()
  const encoded = codec.encode(pieces())
  clock.advance(1000)
  t.strictSame(shown(await through(runner, encoded)), shown(await inlineCodec.encode(pieces())))
  t.equal(elsewhere.chunks, 0)
})

test('what is decoded is what was encoded, also where a thread ends in the middle of it', async t => {
  for (const at of [-1, 0, 2]) {
    const { codec, runner, queue } = codecWith({ maxWorkers: 1 })
    queue.start()
    const tasks = pieces(CHUNKS, true)
    const chunks = await inlineCodec.encode(tasks)
    const place = new Uint8Array(new SharedArrayBuffer(CHUNKS * CHUNK_BYTES))
    place.set(new Uint8Array(tasks[0].base!.buffer)) // a diff is decoded over its base
    const decoded = tasks.map(
      ({ base: _, ...task }, i): DecodeTask => ({ ...task, buffer: place.buffer, chunk: chunks[i] }),
    )
    // It has written half of what it should when it is lost.
    const die = (one: FakeTry) => {
      const { decode } = one.call.args as { decode: DecodeTask[] }
      new Uint8Array(decode[0].buffer, decode[0].offset, decode[0].bytes / 2).fill(7)
      return queue.cancel(one.call.id)
    }
    await through(runner, codec.decode(decoded), { [at]: die })
    t.equal(Buffer.compare(place, new Uint8Array(tasks[0].buffer)), 0)
    t.equal(codec.counts.lost > 0, at >= 0)
  }
})

test('a chunk that is damaged is so in the queue too', async t => {
  const { codec, runner, queue } = codecWith()
  queue.start()
  const tasks = pieces(4)
  const chunks = await inlineCodec.encode(tasks)
  chunks[2].stored[5] ^= 1
  const decoded = tasks.map((task, i): DecodeTask => ({ ...task, chunk: chunks[i] }))
  await t.rejects(through(runner, codec.decode(decoded)), { code: 'SNAPSHOT_INVALID' })
})

test('a little is coded in the calling thread', async t => {
  const { codec, queue } = codecWith()
  queue.start()
  t.strictSame(shown(await codec.encode(pieces(1))), shown(await inlineCodec.encode(pieces(1))))
  t.match(codec.counts, { batches: 0 })
})

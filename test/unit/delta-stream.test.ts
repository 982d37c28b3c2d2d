// A stream beside a run, with an encoder that the test holds in its hand: what is merged, what waits, and what happens
// when the encoder is lost.
import { test } from 'tap'
import { Simulation } from '../../lib/index.js'
import type { DeltaCoder } from '../../lib/run/delta-coder.js'
import { DeltaStream } from '../../lib/run/delta-stream.js'
import { type Delta, DeltaSubscription, type DeltaTarget } from '../../lib/run/delta-subscription.js'
import { schemaOf } from '../../lib/run/schema-of.js'
import { DeltaEncoder, type EncoderTask, type StreamMessages } from '../../lib/state/delta-encoder.js'
import life from '../fixtures/life.js'

/** An encoder beside the run that finishes nothing before it is told to. */
class HeldCoder implements DeltaCoder {
  readonly inline = false
  readonly #encoder = new DeltaEncoder()
  readonly #held: (() => void)[] = []
  encodings = 0
  lost = false

  do(task: EncoderTask): Promise<StreamMessages> {
    if (!('encode' in task)) return Promise.resolve(this.#encoder.do(task))
    this.encodings++
    return new Promise((resolve, reject) => {
      this.#held.push(() => (this.lost ? reject(new Error('the thread died')) : resolve(this.#encoder.do(task))))
    })
  }

  /** Lets the encoding that is in flight end. */
  release(): void {
    this.#held.shift()?.()
  }

  async close(): Promise<void> {}
}

async function streaming(every = 1) {
  const sim = await Simulation.create(life, { workers: 0 })
  const world = { ...sim.internals.world }
  const coder = new HeldCoder()
  const failures: unknown[] = []
  const added: DeltaStream[] = []
  let numbers = 0
  const { populations } = schemaOf(world.plan.scenario)
  const filter = { populations: populations.map(p => p.name) }
  const tables = populations.map(({ name, columns }) => ({ name, columns: columns.filter(c => !c.reset) }))
  const shape = {
    encoded: { run: 'a run', filter, tables },
    every,
    keyframeEvery: undefined,
    measures: false,
  }
  const around = {
    ...{ world, written: new Map() },
    coder: async () => coder,
    measures: async () => ({}),
    failed: (error: unknown) => void failures.push(error),
    number: () => numbers++,
    encoded: () => undefined,
    add: (stream: DeltaStream) => void added.push(stream),
  }
  return { sim, world, coder, failures, added, stream: new DeltaStream(shape, around) }
}

const subscription = () => new DeltaSubscription({ backpressure: 'merge', maxQueue: 10 }, () => undefined)

class Exact implements DeltaTarget {
  wantsKeyframe = true
  readonly exact = true
  readonly told: Delta[] = []
  missed(): void {}
  release(): void {}
  end(): void {}

  reserve(): boolean {
    return true
  }

  take(delta: Delta): void {
    this.told.push(delta)
  }
}

test('one encoding is in flight: ticks that are due meanwhile are left to the next delta', async t => {
  const { sim, coder, stream } = await streaming()
  const subscriber = subscription()
  stream.targets.add(subscriber)
  for (const tick of [0, 1, 2]) await stream.boundary(tick)
  t.equal(coder.encodings, 1)
  coder.release()
  t.equal((await subscriber.next()).value.tick, 0)
  await new Promise(setImmediate)
  await stream.boundary(3)
  t.strictSame(subscriber.counts, { queued: 1, merged: 2, dropped: 0 })
  coder.release()
  await stream.rest(-1)
  t.equal((await subscriber.next()).value.tick, 3)
  await sim.close()
})

test('a run that rests at a tick that was due meanwhile tells it', async t => {
  const { sim, coder, stream } = await streaming()
  const subscriber = subscription()
  stream.targets.add(subscriber)
  for (const tick of [0, 1, 2]) await stream.boundary(tick)
  coder.release()
  const rest = stream.rest(2)
  await new Promise(setImmediate)
  t.equal(coder.encodings, 2)
  coder.release()
  await rest
  t.strictSame([(await subscriber.next()).value.tick, (await subscriber.next()).value.tick], [0, 2])
  t.strictSame(subscriber.counts, { queued: 2, merged: 1, dropped: 0 })
  await sim.close()
})

test('a run that rests after a tick that was merged has counted it', async t => {
  const { sim, coder, stream } = await streaming(2)
  const subscriber = subscription()
  stream.targets.add(subscriber)
  for (const tick of [0, 1, 2, 3]) await stream.boundary(tick)
  coder.release()
  await stream.rest(3)
  t.strictSame(subscriber.counts, { queued: 1, merged: 1, dropped: 0 })
  await sim.close()
})

test('who is left behind in the tick at which the run rests is counted once', async t => {
  const { sim, coder, stream, added } = await streaming()
  const [slow, quick] = [new DeltaSubscription({ backpressure: 'merge', maxQueue: 1 }, () => undefined), subscription()]
  stream.targets.add(slow).add(quick)
  for (const tick of [0, 1]) {
    await stream.boundary(tick)
    coder.release()
    await stream.rest(tick)
  }
  t.equal(added.length, 1)
  for (const other of added) await other.rest(1)
  t.strictSame(
    [slow.counts, quick.counts],
    [
      { queued: 1, merged: 1, dropped: 0 },
      { queued: 2, merged: 0, dropped: 0 },
    ],
  )
  await sim.close()
})

test('a listener is told every tick: the run waits for the encoding in flight', async t => {
  const { sim, coder, stream } = await streaming()
  const listener = new Exact()
  stream.targets.add(listener)
  await stream.boundary(0)
  let passed = false
  const next = stream.boundary(1).then(() => {
    passed = true
  })
  await new Promise(setImmediate)
  t.equal(passed, false, 'the boundary of tick 1 waits')
  coder.release()
  await next
  coder.release()
  await stream.rest(-1)
  t.strictSame(
    listener.told.map(delta => delta.tick),
    [0, 1],
  )
  await sim.close()
})

test('nothing is encoded for a queue without room', async t => {
  const { sim, coder, stream } = await streaming()
  const subscriber = new DeltaSubscription({ backpressure: 'merge', maxQueue: 1 }, () => undefined)
  stream.targets.add(subscriber)
  await stream.boundary(0)
  coder.release()
  await stream.rest(-1)
  for (const tick of [1, 2, 3]) await stream.boundary(tick)
  t.equal(coder.encodings, 1)
  t.strictSame(subscriber.counts, { queued: 1, merged: 3, dropped: 0 })
  await sim.close()
})

test('a tick whose copy fails is told when it is stepped again, and counted once', async t => {
  const { sim, world, coder, stream } = await streaming()
  const subscriber = subscription()
  stream.targets.add(subscriber)
  const { crew } = world
  world.crew = Object.assign(Object.create(crew), { capture: () => Promise.reject(new Error('a worker died')) })
  await t.rejects(stream.boundary(0), { message: 'a worker died' })
  world.crew = crew
  await stream.boundary(0)
  coder.release()
  const { tick, keyframe } = (await subscriber.next()).value
  t.strictSame([tick, keyframe, subscriber.counts], [0, true, { queued: 1, merged: 0, dropped: 0 }])
  await sim.close()
})

test('a stream whose encoder is lost says so, and goes on with a keyframe', async t => {
  const { sim, coder, stream, failures } = await streaming()
  const subscriber = subscription()
  stream.targets.add(subscriber)
  for (const [tick, lost] of [
    [0, false],
    [1, true],
    [2, false],
    [3, false],
  ] as const) {
    coder.lost = lost
    await stream.boundary(tick)
    coder.release()
    await stream.rest(-1)
  }
  t.equal(failures.length, 1)
  const told: [number, boolean][] = []
  while (subscriber.waiting > 0) {
    const { tick, keyframe } = (await subscriber.next()).value
    told.push([tick, keyframe])
  }
  t.strictSame(told, [
    [0, true],
    [2, true],
    [3, false],
  ])
  t.strictSame(subscriber.counts, { queued: 3, merged: 1, dropped: 0 })
  await sim.close()
})

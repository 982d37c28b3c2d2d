// Subscriptions to deltas: queues that are bounded whatever the consumer does, with exact counts, and runs that stop, go
// back, fail and recover. Consumers are slow because they take nothing, not because they sleep.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { sheep } from '../../examples/wolf-sheep.js'
import { type Delta, type DeltaSubscription, type PopulaceError, Simulation } from '../../lib/index.js'
import { Mirror } from '../../lib/mirror.js'
import { EXAMPLES, plain } from '../fixtures/example-runs.js'
import { nameless } from '../fixtures/nameless.js'

const flock = EXAMPLES.find(example => example.name === 'wolf-sheep') as (typeof EXAMPLES)[number]
const params = { size: 20, sheep: 60, wolves: 20, regrow: 8 }
const create = (workers = 0, o = {}) => Simulation.create(plain(flock), { workers, seed: 7, params, ...o })

/** Takes what waits. */
async function takeAll(subscription: DeltaSubscription, most = Number.POSITIVE_INFINITY): Promise<Delta[]> {
  const taken: Delta[] = []
  while (subscription.waiting > 0 && taken.length < most) taken.push((await subscription.next()).value)
  return taken
}

/** Runs ten times as fast as its consumer takes; what was taken, and the most that ever waited. */
async function overload(sim: Simulation, subscription: DeltaSubscription) {
  const taken: Delta[] = []
  let most = 0
  for (let round = 0; round < 40; round++) {
    await sim.run({ ticks: 10 })
    most = Math.max(most, subscription.waiting)
    taken.push(...(await takeAll(subscription, 1)))
  }
  return { taken, most }
}

for (const workers of [0, 2]) {
  t.test(`merge: ten times overload fills the queue and no more, and loses nothing (${workers} workers)`, async t => {
    await using sim = await create(workers)
    const subscription = sim.subscribe({ maxQueue: 4 })
    const { taken, most } = await overload(sim, subscription)
    t.equal(most, 4)
    const { queued, merged, dropped } = subscription.counts
    t.strictSame([queued + merged, dropped], [401, 0])
    if (workers === 0) t.strictSame([queued, merged], [43, 358])
    const mirror = new Mirror()
    for (const { bytes } of [...taken, ...(await takeAll(subscription))]) t.equal(mirror.apply(bytes), true)
    await sim.run({ ticks: 1 })
    const [last] = await takeAll(subscription)
    t.equal(mirror.apply(last.bytes), true, 'the next delta covers what was merged')
    t.equal(mirror.tick, 401)
    t.equal(mirror.hash(), await sim.hash(mirror.filter))
  })

  t.test(
    `keyframe: ten times overload empties the queue, and goes on with a keyframe (${workers} workers)`,
    async t => {
      await using sim = await create(workers)
      const subscription = sim.subscribe({ maxQueue: 4, backpressure: 'keyframe' })
      const { most } = await overload(sim, subscription)
      t.ok(most <= 4)
      const { queued, merged, dropped } = subscription.counts
      t.equal(queued + merged, 401)
      t.equal(queued, 40 + dropped + subscription.waiting, 'taken, dropped or waiting')
      if (workers === 0) t.strictSame([queued, dropped, subscription.waiting], [401, 360, 1])
      await takeAll(subscription)
      const mirror = new Mirror()
      subscription.keyframe() // whether one is due or not
      for (let tick = 0; tick < 4; tick++) {
        await sim.run({ ticks: 1 })
        for (const { bytes } of await takeAll(subscription)) mirror.apply(bytes)
      }
      t.equal(mirror.hash(), await sim.hash(mirror.filter))
    },
  )
}

t.test('close: what waits may be taken, then the iteration ends with SUBSCRIBER_SLOW', async t => {
  await using sim = await create()
  const subscription = sim.subscribe({ maxQueue: 3, backpressure: 'close' })
  await sim.run({ ticks: 20 })
  t.strictSame(subscription.counts, { queued: 3, merged: 0, dropped: 0 })
  const ticks: number[] = []
  const loop = async () => {
    for await (const { tick } of subscription) ticks.push(tick)
  }
  await t.rejects(loop(), { code: 'SUBSCRIBER_SLOW', message: /3 deltas waiting when that of tick 3 came/ })
  t.strictSame(ticks, [0, 1, 2])
  t.strictSame(await subscription.next(), { value: undefined, done: true })
})

t.test('one who is slow is left behind alone: others are told every tick, and all come to the same', async t => {
  await using sim = await create()
  const every: Delta[] = []
  sim.on('delta', delta => every.push(delta))
  const quick = sim.subscribe({ maxQueue: 100, backpressure: 'close' })
  const slow = sim.subscribe({ maxQueue: 2 })
  await sim.run({ ticks: 30 })
  const late = sim.subscribe({ maxQueue: 50 })
  await sim.run({ ticks: 10 })
  t.equal(every.length, 41)
  t.strictSame(slow.counts, { queued: 2, merged: 39, dropped: 0 })
  t.strictSame(
    (await takeAll(quick)).map(delta => delta.bytes),
    every.map(delta => delta.bytes),
    'those who share a stream share its messages',
  )
  const mirrors = [new Mirror(), new Mirror(), new Mirror()]
  for (const { bytes } of every) mirrors[0].apply(bytes)
  for (const { bytes } of await takeAll(slow)) mirrors[1].apply(bytes)
  const joined = await takeAll(late)
  t.strictSame([joined[0].keyframe, joined[0].tick, joined[1].keyframe], [true, 31, false])
  t.equal(joined[5].bytes, every.find(delta => delta.tick === 36)?.bytes, 'the late one shares it from then on')
  for (const { bytes } of joined) mirrors[2].apply(bytes)
  await sim.run({ ticks: 1 })
  mirrors[0].apply(every[41].bytes)
  for (const { bytes } of await takeAll(slow)) mirrors[1].apply(bytes)
  for (const { bytes } of await takeAll(late)) mirrors[2].apply(bytes)
  const hash = await sim.hash(mirrors[0].filter)
  for (const mirror of mirrors) t.strictSame([mirror.tick, mirror.hash()], [41, hash])
})

t.test('a mirror that missed a delta is well again after a keyframe that it asked for', async t => {
  await using sim = await create(1)
  const subscription = sim.subscribe()
  const mirror = new Mirror()
  for (let tick = 0; tick < 3; tick++) await sim.run({ ticks: 1 }) // where a run rests, what is due is told
  const [first, , third] = await takeAll(subscription)
  mirror.apply(first.bytes)
  t.throws(() => mirror.apply(third.bytes), { code: 'DELTA_GAP' })
  t.equal(mirror.wantsKeyframe, true)
  subscription.keyframe()
  await sim.run({ ticks: 1 })
  const [keyframe] = await takeAll(subscription, 1)
  t.equal(keyframe.keyframe, true)
  mirror.apply(keyframe.bytes)
  t.equal(mirror.hash(), await sim.hash(mirror.filter))
})

t.test('an iteration waits for what comes, and ends with the simulation', async t => {
  const sim = await create(1)
  const taken: number[] = []
  const loop = (async () => {
    for await (const { tick } of sim.subscribe({ every: 2 })) taken.push(tick)
  })()
  for (const ticks of [2, 2, 2, 1]) await sim.run({ ticks }) // where a run rests, what is due is told
  await sim.close()
  await loop
  t.strictSame(taken, [0, 2, 4, 6])
  t.throws(() => sim.subscribe(), { code: 'SIM_CLOSED' })
})

t.test('an iteration that is left ends the subscription, and one consumer takes from it', async t => {
  await using sim = await create()
  const subscription = sim.subscribe()
  for await (const { tick } of subscription) {
    t.equal(tick, 0)
    break
  }
  await sim.run({ ticks: 3 })
  t.strictSame(subscription.counts, { queued: 1, merged: 0, dropped: 0 })
  t.strictSame(await subscription.next(), { value: undefined, done: true })
  const other = sim.subscribe({ every: 100 })
  const first = other.next()
  await t.rejects(other.next(), { code: 'OPTION_INVALID', message: /one consumer/ })
  other.close()
  t.strictSame(await first, { value: undefined, done: true })
})

t.test('an iteration over a simulation that fails is told so', async t => {
  const failing = new URL('../fixtures/mortal.js', import.meta.url)
  const folder = mkdtempSync(join(tmpdir(), 'populace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const query = new URLSearchParams({ file: join(folder, 'deaths'), deaths: '9', how: 'throw', tick: '3' })
  await using sim = await Simulation.create(new URL(`${failing}?${query}`), { workers: 1 })
  const subscription = sim.subscribe()
  const waiting = (async () => {
    for await (const _ of subscription);
  })()
  await t.rejects(sim.run({ ticks: 9 }), { code: 'ENGINE_FAILED' })
  await t.rejects(waiting, { code: 'SIM_FAILED' })
  t.throws(() => sim.subscribe(), { code: 'SIM_FAILED' })
})

t.test('ticks that are stepped again, after a worker died, are told once and in the same bytes', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'populace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const follow = async (deaths: number, workers: number) => {
    const query = new URLSearchParams({ file: join(folder, randomUUID()), deaths: String(deaths) })
    const url = new URL(`../fixtures/mortal.js?${query}`, import.meta.url)
    const checkpoint = { everyTicks: 4, inMemory: true }
    await using sim = await Simulation.create(url, { workers, seed: 3, checkpoint })
    const told: string[] = []
    const mirror = new Mirror()
    const subscription = sim.subscribe({ maxQueue: 100 })
    sim.on('delta', ({ tick, bytes }) => {
      told.push(`${tick} ${nameless(bytes)}`)
      mirror.apply(bytes)
    })
    await sim.run({ ticks: 15 })
    t.equal(mirror.hash(), await sim.hash(mirror.filter))
    t.strictSame(subscription.counts, { queued: 16, merged: 0, dropped: 0 })
    return told
  }
  t.strictSame(await follow(3, 2), await follow(0, 0))
})

t.test(
  'after going back a stream is silent until it comes to what it has not told, and goes on from there',
  async t => {
    await using sim = await create(2, { checkpoint: { everyTicks: 5, inMemory: true } })
    const ticks: number[] = []
    const mirror = new Mirror()
    sim.on('delta', ({ tick, bytes }) => {
      ticks.push(tick)
      mirror.apply(bytes)
    })
    await sim.run({ ticks: 8 })
    await sim.seek(6)
    await sim.run({ ticks: 1 })
    t.equal(ticks.at(-1), 8)
    await sim.run({ ticks: 5 })
    t.strictSame(
      ticks,
      Array.from({ length: 13 }, (_, tick) => tick),
    )
    t.equal(mirror.hash(), await sim.hash(mirror.filter))
  },
)

t.test('what a host changes between two runs is in the next delta', async t => {
  await using sim = await create()
  const mirror = new Mirror()
  sim.on('delta', ({ bytes }) => mirror.apply(bytes))
  await sim.run({ ticks: 2 })
  const [id] = mirror.population(sheep).ids
  t.equal(sim.world.population(sheep).despawn(id), true)
  await sim.run({ ticks: 1 })
  t.equal(mirror.population(sheep).get(id), undefined)
  t.equal(mirror.hash(), await sim.hash(mirror.filter))
})

t.test('what cannot be told is refused by name', async t => {
  await using sim = await create()
  const refused = (o: object, code: string, message: RegExp) => t.throws(() => sim.subscribe(o), { code, message })
  refused({ populations: ['sheeps'] }, 'POPULATION_UNKNOWN', /'sheep'/)
  refused({ columns: ['enrgy'] }, 'COLUMN_UNKNOWN', /'energy'/)
  refused({ partitions: 'far' }, 'OPTION_INVALID', /partitions/)
  refused({ every: 0 }, 'OPTION_INVALID', /every/)
  refused({ maxQueue: 0 }, 'OPTION_INVALID', /maxQueue/)
  refused({ backpressure: 'block' }, 'OPTION_INVALID', /backpressure/)
  refused({ evry: 1 }, 'OPTION_UNKNOWN', /'every'/)
  t.throws(() => sim.on('delta', 'no function' as never), { code: 'OPTION_INVALID' })
  t.throws(() => sim.on('delta', () => undefined, { maxQueue: 3 } as never), { code: 'OPTION_UNKNOWN' })
})

t.test('a listener that throws is told to failed, and a listener that is taken away hears nothing', async t => {
  await using sim = await create(1)
  const failures: unknown[] = []
  sim.on('failed', error => failures.push((error as PopulaceError).code))
  sim.on('delta', () => {
    throw new Error('not today')
  })
  let heard = 0
  const off = sim.on('delta', () => void heard++)
  await sim.run({ ticks: 2 })
  off()
  await sim.run({ ticks: 2 })
  t.equal(heard, 3)
  t.strictSame(failures, new Array(5).fill('LISTENER_FAILED'))
})

t.test('in real time a subscriber is told as ticks come', async t => {
  await using sim = await create(1)
  await sim.start({ hz: 200 })
  const mirror = new Mirror()
  const every = new Mirror()
  sim.on('delta', ({ bytes }) => every.apply(bytes))
  for await (const { bytes, tick } of sim.subscribe({ every: 2 })) {
    mirror.apply(bytes)
    t.equal(mirror.tick, tick)
    if (tick >= 10) break
  }
  await sim.stop()
  t.equal(every.tick, sim.tick)
  t.equal(every.hash(), await sim.hash(every.filter))
})

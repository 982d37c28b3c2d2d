// The life of a Simulation: runs, aborts, until, real time, progress, ticks told, closing.
import t from 'tap'
import { PopulaceError, Simulation, type SimulationOptions } from '../../lib/index.js'
import type scenario from '../fixtures/life.js'
import { person } from '../fixtures/life.js'

type Life = typeof scenario

function life(query = ''): URL {
  return new URL(`../fixtures/life.js${query}`, import.meta.url)
}

const make = (o: SimulationOptions = {}, query = '') =>
  Simulation.create<Life>(life(query), { workers: 0, seed: 5, ...(o as object) })
const codeOf = async (work: () => unknown) => {
  try {
    await work()
  } catch (error) {
    return error instanceof PopulaceError ? error.code : String(error)
  }
  return 'nothing thrown'
}

/** The hash of an unbroken run. */
async function unbroken(ticks: number): Promise<string> {
  await using sim = await make()
  await sim.run({ ticks })
  return sim.hash()
}

for (const workers of [0, 2]) {
  const options = { workers }

  t.test(`workers ${workers}: a run that is aborted goes on later and ends with the same hash`, async t => {
    await using sim = await make(options)
    const early = AbortSignal.abort('before')
    const before = await sim.run({ ticks: 10, signal: early }).catch(error => error)
    t.match(before, { code: 'ABORTED', cause: 'before' })
    t.equal(sim.tick, 0)
    const abort = new AbortController()
    sim.on('tick', ({ tick }) => tick === 7 && abort.abort(new Error('enough')), { every: 1 })
    const during = await sim.run({ ticks: 1e9, signal: abort.signal }).catch(error => error)
    t.equal(during.code, 'ABORTED')
    t.equal(during.cause.message, 'enough')
    const stopped = sim.tick
    t.ok(stopped >= 7)
    await sim.run({ ticks: 5 })
    t.equal(sim.tick, stopped + 5)
    t.equal(await sim.hash(), await unbroken(stopped + 5))
  })

  t.test(`workers ${workers}: its tick goes on while a run does that nobody asks anything of`, async t => {
    await using sim = await make(options)
    const abort = new AbortController()
    let most = 0
    const onProgress = ({ tick }: { tick: number }) => {
      most = Math.max(most, tick)
      t.ok(sim.tick >= tick)
      if (tick > 0) abort.abort()
    }
    await sim.run({ ticks: 1e9, signal: abort.signal, onProgress }).catch(error => t.equal(error.code, 'ABORTED'))
    t.ok(most > 0)
    t.ok(sim.tick >= most)
  })

  t.test(`workers ${workers}: every: 1 tells every tick once and in order, more than the ring holds`, async t => {
    await using sim = await make({ ...options, params: { people: 1 } } as SimulationOptions)
    const ticks: number[] = []
    const thirds: number[] = []
    sim.on('tick', ({ tick, measures }) => ticks.push(tick === measures.oldest ? tick : -1), { every: 1 })
    sim.on('tick', ({ tick }) => thirds.push(tick), { every: 300 })
    await sim.run({ ticks: 3000 })
    await sim.run({ ticks: 500 })
    t.equal(ticks.length, 3500)
    t.equal(
      ticks.findIndex((tick, i) => tick !== i + 1),
      -1,
    )
    t.same(
      thirds,
      Array.from({ length: 11 }, (_, i) => (i + 1) * 300),
    )
  })

  t.test(
    `workers ${workers}: until ends a run early, is not asked before the first tick, and a run goes on after it`,
    async t => {
      await using sim = await make(options, '?until=4')
      await sim.run({ ticks: 100 })
      t.equal(sim.tick, 4)
      t.equal(sim.measures.oldest, 4)
      await sim.run({ ticks: 100 })
      t.equal(sim.tick, 5, 'one tick, then until is asked again')
      await sim.run({ ticks: 0 })
      t.equal(sim.tick, 5)
    },
  )

  t.test(`workers ${workers}: close during a run ends it with SIM_CLOSED; closing twice is fine`, async t => {
    const sim = await make(options)
    const running = sim.run({ ticks: 1e9 }).catch(error => error)
    await sim.read(() => undefined)
    t.equal(await codeOf(() => sim.world), 'SIM_RUNNING')
    t.equal(await codeOf(() => sim.hash()), 'SIM_RUNNING')
    t.equal(await codeOf(() => sim.run({ ticks: 1 })), 'SIM_RUNNING')
    t.equal(await codeOf(() => sim.start({ hz: 1 })), 'SIM_RUNNING')
    await Promise.all([sim.close(), sim.close()])
    await sim.close()
    t.match(await running, { code: 'SIM_CLOSED' })
    for (const use of [
      () => sim.run({ ticks: 1 }),
      () => sim.world,
      () => sim.hash(),
      () => sim.read(() => 1),
      () => sim.command('append', 1),
      () => sim.start({ hz: 1 }),
      () => sim.stop(),
    ])
      t.equal(await codeOf(use), 'SIM_CLOSED')
  })
}

t.test('a close right after create, and one right after run, end cleanly', async t => {
  const first = await make({ workers: 1 })
  await first.close()
  const second = await make({ workers: 1 })
  const running = codeOf(() => second.run({ ticks: 1e9 }))
  await second.close()
  t.equal(await running, 'SIM_CLOSED')
})

t.test('progress is told, ends with the last tick, and one that throws stops nothing', async t => {
  await using sim = await make()
  const told: number[] = []
  await sim.run({
    ticks: 50,
    onProgress: ({ tick, ticks, ticksPerSecond }) => told.push(ticks === 50 && ticksPerSecond > 0 ? tick : -1),
  })
  t.equal(told.at(-1), 50)
  const failures: Error[] = []
  sim.on('failed', error => failures.push(error))
  await sim.run({
    ticks: 5,
    onProgress() {
      throw new Error('a bar that breaks')
    },
  })
  t.equal(sim.tick, 55)
  t.match(failures.at(-1), { code: 'LISTENER_FAILED', message: /a bar that breaks/ })
})

t.test('listeners that throw are told to failed, stop nothing, and the others are told all the same', async t => {
  await using sim = await make()
  const failures: Error[] = []
  const ticks: number[] = []
  sim.on(
    'tick',
    () => {
      throw new Error('a listener that breaks')
    },
    { every: 1 },
  )
  const off = sim.on('tick', ({ tick }) => ticks.push(tick), { every: 1 })
  sim.on('failed', error => {
    failures.push(error)
    throw new Error('and this one too')
  })
  await sim.run({ ticks: 3 })
  off()
  await sim.run({ ticks: 2 })
  t.same(ticks, [1, 2, 3])
  t.equal(failures.length, 5)
  t.match(failures[0], { code: 'LISTENER_FAILED' })
})

t.test('real time: start steps, stop ends it after a tick, and slow and skip give the same bits', async t => {
  for (const overload of ['slow', 'skip'] as const) {
    await using sim = await make()
    const reached = new Promise<void>(resolve => sim.on('tick', ({ tick }) => tick === 5 && resolve(), { every: 1 }))
    await sim.start({ hz: 500, overload })
    t.equal(await codeOf(() => sim.start({ hz: 500 })), 'SIM_RUNNING')
    await reached
    await sim.stop()
    await sim.stop()
    const { tick } = sim
    t.ok(tick >= 5)
    t.equal(await sim.hash(), await unbroken(tick))
  }
})

t.test('real time: a read and a stop are served while the next tick is far away', async t => {
  await using sim = await make()
  await sim.start({ hz: 0.001 })
  t.equal(await sim.read(world => world.population(person).size), 100)
  await sim.stop()
  t.ok(sim.tick <= 1)
})

t.test('real time: until ends it', async t => {
  await using sim = await make({}, '?until=3')
  const ended = new Promise<void>(resolve => sim.on('tick', ({ tick }) => tick === 3 && resolve(), { every: 1 }))
  await sim.start({ hz: 1000 })
  await ended
  await sim.stop()
  t.equal(sim.tick, 3)
})

t.test('parameters reach kernels and setup', async t => {
  await using sim = await make({ params: { people: 3, gain: 0 } } as SimulationOptions)
  t.equal(sim.world.population(person).size, 3)
  const wealth = () => sim.world.population(person).get(2)?.wealth
  const before = wealth()
  await sim.run({ ticks: 1 })
  t.equal(wealth(), before)
})

t.test('two simulations at once, inline with workers and two pools, give the hashes they give alone', async t => {
  const ticks = 200
  const alone = await unbroken(ticks)
  await using a = await make({ workers: 0 })
  await using b = await make({ workers: 1 })
  await using c = await make({ workers: 2 })
  await Promise.all([a, b, c].map(sim => sim.run({ ticks })))
  t.same(await Promise.all([a, b, c].map(sim => sim.hash())), [alone, alone, alone])
})

// A run in a store: whoever goes on with it, from wherever, comes to the bits of a run that nobody touched.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import type life from '../fixtures/life.js'
import { person } from '../fixtures/life.js'
import type mortal from '../fixtures/mortal.js'

const LIFE = new URL('../fixtures/life.js', import.meta.url)
const TICKS = 23
const logger = { warn: (message: string) => t.fail(message) }

type Sim = Simulation<typeof life>

/** Sends what a host would, at the ticks at which it would. */
async function send(sim: Sim, upTo: number): Promise<void> {
  for (; sim.tick < upTo; await sim.run({ ticks: 1 })) {
    if (sim.tick === 3) await sim.command('append', 7)
    if (sim.tick === 8) await Promise.all([sim.command('append', 4), sim.command('refuse', null)])
    if (sim.tick === 11) await sim.command('mark', { id: 5, mark: 50 })
  }
}

for (const workers of [0, 1, 2, 3]) {
  t.test(`a run on ${workers} workers that is broken off goes on to the same bits on others`, async t => {
    const address = `memory:${randomUUID()}`
    const o = { workers, seed: 5, params: { records: true }, store: address, checkpoint: { everyTicks: 5 }, logger }
    await using whole = await Simulation.create<typeof life>(LIFE, o)
    await send(whole, TICKS)
    const end = await whole.hash()
    await whole.close()

    const ticks = new Map<number, string>()
    for (const [from, others] of [
      [undefined, 3 - workers],
      [0, workers],
      [7, 1],
      [12, 0],
    ] as const) {
      await using sim = await Simulation.resume<typeof life>(LIFE, {
        store: address,
        workers: others,
        ...(from === undefined ? {} : { tick: from }),
        logger,
      })
      t.equal(sim.tick, from ?? 20, 'the newest checkpoint, or the tick that is asked for')
      await sim.run({ ticks: TICKS - sim.tick })
      t.equal(await sim.hash(), end, `from tick ${from ?? 20} on ${others} workers`)
      ticks.set(from ?? 20, end)
    }
    t.equal(ticks.size, 4)
  })
}

t.test('a run that goes on takes new commands after those of its record', async t => {
  const address = `memory:${randomUUID()}`
  const o = { workers: 0, seed: 5, store: address, checkpoint: { everyTicks: 100 }, logger }
  const first = await Simulation.create<typeof life>(LIFE, o)
  await send(first, 15)
  await first.close()
  await using sim = await Simulation.resume<typeof life>(LIFE, { store: address, workers: 1, logger })
  t.equal(sim.tick, 0)
  const { tick, sequence } = await sim.command('append', 9)
  t.equal(tick, 11, 'not before the last that is known')
  t.equal(sequence, 4)
  const refused: number[] = []
  sim.on('refused', r => refused.push(r.sequence))
  await sim.run({ ticks: 15 })
  t.equal(sim.world.population(person).get(2)?.mark, 749)
  t.same(refused, [2])
})

t.test('seek goes back and forth, fork makes another future, a world changed by hand has its own', async t => {
  const address = `memory:${randomUUID()}`
  const o = { workers: 1, seed: 5, params: { records: true }, store: address, checkpoint: { everyTicks: 4 }, logger }
  await using sim = await Simulation.create<typeof life>(LIFE, o)
  const hashes = [await sim.hash()]
  for (let tick = 1; tick <= 14; tick++) {
    await send(sim, tick)
    hashes.push(await sim.hash())
  }
  for (const tick of [3, 9, 0, 14, 12, 13]) {
    await sim.seek(tick)
    t.equal(sim.tick, tick)
    t.equal(await sim.hash(), hashes[tick], `tick ${tick}`)
  }
  await using other = await Simulation.fork<typeof life>(LIFE, {
    store: address,
    run: 'life',
    tick: 6,
    as: 'other',
    workers: 0,
    logger,
  })
  t.equal(other.tick, 6)
  t.equal(await other.hash(), hashes[6])
  await other.command('mark', { id: 9, mark: 1 })
  await other.run({ ticks: 5 })
  t.not(await other.hash(), hashes[11])
  await other.close()
  await t.rejects(Simulation.fork(LIFE, { store: address, run: 'life', as: 'other', workers: 0 }), {
    code: 'STORE_RUN_EXISTS',
  })

  await sim.seek(8)
  sim.world.population(person).set(7, { mark: 77 })
  await sim.run({ ticks: 3 })
  const changed = await sim.hash()
  t.not(changed, hashes[11])
  await sim.close()
  await using again = await Simulation.resume<typeof life>(LIFE, { store: address, run: 'life', workers: 2, logger })
  t.equal(again.tick, 8, 'the change was kept, and what came after it before is no more')
  await again.run({ ticks: 3 })
  t.equal(await again.hash(), changed)
})

t.test('what is wrong with a store, a run or a checkpoint is said by name', async t => {
  const address = `memory:${randomUUID()}`
  const o = { workers: 0, store: address, logger }
  await t.rejects(Simulation.resume(LIFE, o), { code: 'STORE_RUN_UNKNOWN' })
  const sim = await Simulation.create<typeof life>(LIFE, o)
  await t.rejects(Simulation.create(LIFE, o), { code: 'STORE_RUN_BUSY' })
  await t.rejects(Simulation.resume(LIFE, o), { code: 'STORE_RUN_BUSY' })
  await sim.run({ ticks: 3 })
  t.strictSame(await sim.checkpoint(), { tick: 3 })
  await sim.close()
  await t.rejects(Simulation.create(LIFE, o), { code: 'STORE_RUN_EXISTS' })
  await t.rejects(Simulation.resume(LIFE, { ...o, run: 'nothing' }), { code: 'STORE_RUN_UNKNOWN' })
  await t.rejects(Simulation.resume(LIFE, { workers: 0 } as never), { code: 'OPTION_INVALID' })
  await t.rejects(Simulation.resume(LIFE, { ...o, seed: 3 } as never), { code: 'OPTION_UNKNOWN' })
  await t.rejects(Simulation.create(LIFE, { workers: 0, checkpoint: { everyTicks: 5 } }), { code: 'OPTION_INVALID' })
  await t.rejects(Simulation.fork(LIFE, o as never), { code: 'OPTION_INVALID' })
  const mortals = new URL('../fixtures/mortal.js', import.meta.url)
  await t.rejects(Simulation.resume(mortals, o), { code: 'SNAPSHOT_SCHEMA', message: /scenario 'life'/ })
  await using plain = await Simulation.create<typeof life>(LIFE, { workers: 0 })
  await t.rejects(plain.checkpoint(), { code: 'OPTION_INVALID' })
  await plain.run({ ticks: 2 })
  await t.rejects(plain.seek(1), { code: 'CHECKPOINT_UNKNOWN' })
  await t.rejects(plain.seek(-1), { code: 'OPTION_INVALID' })
})

const folder = mkdtempSync(join(tmpdir(), 'populace-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function mortals(query: Record<string, string>): URL {
  return new URL(
    `../fixtures/mortal.js?${new URLSearchParams({ file: join(folder, randomUUID()), ...query })}`,
    import.meta.url,
  )
}

async function follow(url: URL, workers: number, o: object) {
  const sim = await Simulation.create<typeof mortal>(url, { workers, seed: 3, ...o })
  const told: unknown[] = []
  sim.on('event', e => told.push([e.tick, e.sequence, e.from]))
  const ticks: number[] = []
  sim.on('tick', e => ticks.push(e.tick), { every: 1 })
  await sim.command('bless', 4)
  await sim.run({ ticks: 5 })
  await sim.command('bless', 5)
  return { sim, told, ticks }
}

for (const how of ['exit', 'memory']) {
  for (const o of [
    { checkpoint: { everyTicks: 4, inMemory: true } },
    { store: 'memory:', checkpoint: { everyTicks: 4 } },
  ]) {
    t.test(
      `a worker that dies mid-tick (${how}, ${JSON.stringify(o)}) loses no tick and tells nothing twice`,
      async t => {
        const plain = await follow(mortals({}), 0, {})
        await plain.sim.run({ ticks: 10 })
        const dying = await follow(mortals({ deaths: how === 'memory' ? '1' : '3', how }), 2, o)
        await dying.sim.run({ ticks: 10 })
        t.equal(await dying.sim.hash(), await plain.sim.hash())
        t.strictSame(dying.told, plain.told)
        t.strictSame(dying.ticks, plain.ticks)
        t.strictSame(dying.sim.counters, plain.sim.counters)
        await plain.sim.close()
        await dying.sim.close()
      },
    )
  }
}

t.test('ticks in which workers die again and again are given up, and the world is back at its checkpoint', async t => {
  const { sim } = await follow(mortals({ deaths: '100' }), 1, { checkpoint: { everyTicks: 4, inMemory: true } })
  const told: Error[] = []
  sim.on('failed', e => told.push(e))
  await t.rejects(sim.run({ ticks: 10 }), { code: 'WORKER_DIED' })
  t.equal(sim.tick, 4)
  t.equal(told.length, 1)
  t.match(await sim.hash(), /^[0-9a-f]{16}$/, 'it is as usable as before')
  await sim.close()
})

t.test('a kernel that throws takes the world back, and what was asked for since is gone', async t => {
  const { sim } = await follow(mortals({ deaths: '1', how: 'throw' }), 2, {
    checkpoint: { everyTicks: 5, inMemory: true },
  })
  const before = await sim.hash()
  await t.rejects(sim.run({ ticks: 10 }), { code: 'ENGINE_FAILED' })
  t.equal(sim.tick, 5)
  t.equal(await sim.hash(), before)
  await sim.run({ ticks: 10 }) // the fixture throws once
  t.equal(sim.tick, 15)
  await sim.close()
})

// Limits of a simulation: the same tick reaches them on any number of workers, and no result depends on them.
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Simulation, type SimulationOptions } from '../../lib/index.js'
import { answerOf, type Question } from '../fixtures/pupils.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const CHATTER = new URL('../fixtures/chatter.js', import.meta.url)
const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
const OBSERVED = new URL('../fixtures/observed-world.js', import.meta.url)
const TICKS = 20
const create = (options: SimulationOptions) => Simulation.create(CHATTER, { seed: 5, ...options })

async function untouched(): Promise<{ hash: string; most: number; at: number }> {
  await using sim = await create({ workers: 0 })
  let [most, at, before] = [0, 0, 0]
  for (let tick = 1; tick <= TICKS; tick++) {
    await sim.run({ ticks: 1 })
    const { said, slept } = sim.counters.events.emitted
    if (said + slept - before > most) [most, at] = [said + slept - before, tick]
    before = said + slept
  }
  return { hash: await sim.hash(), most, at }
}

t.test('the same tick goes beyond a limit on 0, 1, 2 and 3 workers, and the run goes on when it is raised', async t => {
  const { hash, most, at } = await untouched()
  for (const workers of [0, 1, 2, 3]) {
    await using sim = await create({ workers, limits: { perTick: { events: most - 1 } } })
    const named = new RegExp(`${most} events in one tick are more than perTick.events of ${most - 1}`)
    await refusedLater(t, 'LIMIT_EXCEEDED', named, () => sim.run({ ticks: TICKS }))
    t.equal(sim.tick, at)
    sim.limits.set({ perTick: { events: most } })
    await sim.run({ ticks: TICKS - at })
    t.equal(await sim.hash(), hash, `${workers} workers`)
  }
})

t.test('a run that a limit ended is resumed from a checkpoint of that tick', async t => {
  const { hash, most, at } = await untouched()
  const store = 'memory:limited'
  const sim = await create({ workers: 0, store, limits: { perTick: { events: most - 1 } } })
  await refusedLater(t, 'LIMIT_EXCEEDED', /events/, () => sim.run({ ticks: TICKS }))
  await sim.close()
  await using again = await Simulation.resume(CHATTER, { workers: 0, store, limits: { perTick: { events: most } } })
  t.equal(again.tick, at)
  await again.run({ ticks: TICKS - at })
  t.equal(await again.hash(), hash)
})

t.test("with 'pause' a run waits, says so, and goes on when limits are raised, or ends by its signal", async t => {
  const { hash } = await untouched()
  let warned = (_message: string) => {}
  const warning = new Promise<string>(resolve => (warned = resolve))
  const logger = { warn: (message: string) => warned(message) }
  await using sim = await create({ workers: 0, logger, limits: { maxAgents: { person: 299 }, policy: 'pause' } })
  const ending = new AbortController()
  const ended = sim.run({ ticks: TICKS, signal: ending.signal })
  t.match(await warning, /waits at tick 0: 300 agents of 'person' are more than their quota of 299/)
  t.equal(await sim.read(() => sim.limits.status().action), 'pause')
  ending.abort()
  await refusedLater(t, 'ABORTED', /aborted/, () => ended)
  t.equal(sim.tick, 0)
  const run = sim.run({ ticks: TICKS })
  await sim.read(() => undefined)
  sim.limits.set({ maxAgents: 300 })
  await run
  t.equal(await sim.hash(), hash)
})

t.test('bad limits are refused by name', async t => {
  const wrong = (limits: object) => () => create({ workers: 0, limits })
  await refusedLater(t, 'OPTION_UNKNOWN', /maxAgent/, wrong({ maxAgent: 1 }))
  await refusedLater(t, 'OPTION_INVALID', /maxAgents/, wrong({ maxAgents: -1 }))
  await refusedLater(t, 'OPTION_INVALID', /policies.births/, wrong({ policies: { births: 'throttle' } }))
  await refusedLater(t, 'POPULATION_UNKNOWN', /'persons'/, wrong({ maxAgents: { persons: 1 } }))
  for (const option of ['eventBus', 'database', 'cache', 'tasks'])
    await refusedLater(t, 'OPTION_INVALID', new RegExp(option), () => create({ workers: 0, [option]: {} }))
  await refusedLater(t, 'STORE_INVALID', /'postgres:' has no address/, () => create({ workers: 0, store: 'postgres:' }))
  await using sim = await create({ workers: 0 })
  refused(t, 'OPTION_UNKNOWN', /tickTimeoutMs/, () => sim.limits.set({ tickTimeoutMs: 1 } as object))
})

type Kind = 'births' | 'messages' | 'events' | 'asks'

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)

/** What has come to pass of a kind since the world began, by the simulation's own counters. */
function totalOf({ counters: { populations, messages, events, asks } }: Simulation, kind: Kind): number {
  if (kind === 'births') return sum(Object.values(populations).map(({ born }) => born))
  if (kind === 'messages') return sum(Object.values(messages).map(({ sent }) => sent))
  return sum(kind === 'events' ? Object.values(events.emitted) : Object.values(asks).map(({ asked }) => asked))
}

/** The tick after which most of a kind has come to pass in one, and how much; `total` of all of them. */
async function busiest(url: URL, kind: Kind): Promise<{ at: number; most: number; total: number; hash: string }> {
  await using sim = await Simulation.create(url, { workers: 0, seed: 5 })
  let [at, most] = [0, 0]
  for (let tick = 1; tick <= TICKS; tick++) {
    const before = totalOf(sim, kind)
    await sim.run({ ticks: 1 })
    if (totalOf(sim, kind) - before > most) [at, most] = [tick, totalOf(sim, kind) - before]
  }
  return { at, most, total: totalOf(sim, kind), hash: await sim.hash() }
}

for (const [kind, url] of [
  ['births', OBSERVED],
  ['messages', OBSERVED],
  ['events', CHATTER],
  ['asks', PUPILS],
] as const) {
  t.test(
    `${kind} of a tick are counted exactly on 0, 1, 2 and 3 workers, in the first tick after a resume too`,
    async t => {
      const { at, most, total, hash } = await busiest(url, kind)
      t.ok(at > 0 && most > 1)
      const named = new RegExp(`${most} ${kind} in one tick are more than perTick.${kind} of ${most - 1}`)
      const limits = { perTick: { [kind]: most - 1 } }
      for (const workers of [0, 1, 2, 3]) {
        const store = `memory:${randomUUID()}`
        await using sim = await Simulation.create(url, { workers, seed: 5, store, limits })
        await sim.run({ ticks: at - 1 })
        await sim.checkpoint()
        await refusedLater(t, 'LIMIT_EXCEEDED', named, () => sim.run({ ticks: TICKS }))
        t.equal(sim.tick, at, `${workers} workers`)
        t.equal(sim.limits.status().usage.perTick[kind].used, most)
        await sim.close()
        await using again = await Simulation.resume(url, { workers: 0, store, tick: at - 1, limits })
        await refusedLater(t, 'LIMIT_EXCEEDED', named, () => again.run({ ticks: TICKS }))
        t.equal(again.tick, at)
        again.limits.set({ perTick: { [kind]: most } })
        await again.run({ ticks: TICKS - at })
        t.equal(await again.hash(), hash)
        t.equal(again.limits.status().usage.perTick[kind].totalUsed, total, 'from the beginning of the run on')
      }
    },
  )
}

t.test('asks of a service that takes its time are counted in the tick in which they are asked', async t => {
  const { at, most } = await busiest(PUPILS, 'asks')
  for (const workers of [0, 1, 2, 3]) {
    const teacher = async (question: Question) => answerOf(question)
    const limits = { perTick: { asks: most - 1 }, policies: { asks: 'throw' as const } }
    await using sim = await Simulation.create(PUPILS, { workers, seed: 5, limits, services: { teacher } })
    await refusedLater(t, 'LIMIT_EXCEEDED', /asks in one tick/, () => sim.run({ ticks: TICKS }))
    t.equal(sim.tick, at, `${workers} workers`)
  }
})

t.test('ticks that are stepped again after a worker died are counted once', async t => {
  const mortal = (deaths: number) => {
    const file = join(tmpdir(), `populace-${randomUUID()}`)
    return new URL(`../fixtures/mortal.js?${new URLSearchParams({ deaths: `${deaths}`, file })}`, import.meta.url)
  }
  const { at, most, total } = await busiest(mortal(0), 'births')
  const checkpoint = { inMemory: true, everyTicks: 5 }
  const options = { workers: 2, seed: 5, checkpoint, limits: { perTick: { births: most - 1 } } }
  await using sim = await Simulation.create(mortal(1), options)
  await refusedLater(t, 'LIMIT_EXCEEDED', /births in one tick/, () => sim.run({ ticks: TICKS }))
  t.equal(sim.tick, at)
  sim.limits.set({ perTick: { births: most } })
  await sim.run({ ticks: TICKS - at })
  t.equal(sim.limits.status().usage.perTick.births.totalUsed, total)
})

t.test('agents are known without any limit too', async t => {
  await using sim = await Simulation.create(OBSERVED, { workers: 0, seed: 5 })
  await sim.run({ ticks: TICKS })
  const { born, died } = sim.counters.populations.person
  t.equal(sim.limits.status().usage.agentsOf.person, born - died)
})

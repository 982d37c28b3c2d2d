// A host's pipeline under load, with a simulation beside it that asks, while Redis and Postgres are killed, stand still and
// are restarted. After each fault all is counted: nothing is lost, doubled or left hanging, what Postgres holds is what it
// said, and everything is back by itself. CI does a tenth of the rounds. An unhandled rejection would fail the file.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openStore, replayRun, Simulation } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { collectedBytes } from '../fixtures/collected-heap.js'
import { HostPipeline } from '../fixtures/host-pipeline.js'
import { privateServer } from '../fixtures/postgres-server.js'
import type pupils from '../fixtures/pupils.js'
import type { Question } from '../fixtures/pupils.js'
import { privateRedis } from '../fixtures/redis-server.js'
import { type Fault, faultsOf, heal, strike } from '../fixtures/server-faults.js'
import { within } from '../fixtures/watched-calls.js'

const SEED = 20
const ROUNDS = ofCampaign(200)
const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
/** Bytes by which the heap may differ from round to round: code is compiled meanwhile. Far less than a kilobyte an event. */
const SLACK = 6e6

const folder = mkdtempSync(join(tmpdir(), 'populace-faults-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const store = `file:${folder}`

const [postgres, redis] = await Promise.all([privateServer(), privateRedis()])
t.teardown(() => Promise.all([postgres.close(), redis.close()]))

/** A simulation whose agents ask the database and, six ticks later, the cache. */
function makeSimulation(host: HostPipeline) {
  const teacher = async ({ who, when }: Question, { signal }: { signal: AbortSignal }) => ({
    text: `${who} at ${when}`,
    mark: (await host.twice(who, signal)) % 100,
  })
  const examiner = ({ who }: Question, { signal }: { signal: AbortSignal }) => host.twiceCached(who % 50, signal)
  return Simulation.create<typeof pupils>(PUPILS, {
    workers: 1,
    seed: SEED,
    params: { eager: 0.02 },
    store,
    checkpoint: { everyTicks: 50 },
    eventBus: host.buses[1].bus,
    services: { teacher: { ask: teacher, timeoutMs: 3000 }, examiner: { ask: examiner, timeoutMs: 1500 } },
  })
}

/** How far everything is that goes on whatever becomes of the servers, and what only goes on with them. */
function progressOf(host: HostPipeline, sim: Simulation<typeof pupils>) {
  const events = host.buses.reduce(
    (sum, { bus }) => {
      const { accepted, done, failed } = bus.getStats()
      return { handled: sum.handled + done + failed, accepted: sum.accepted + accepted }
    },
    { handled: 0, accepted: 0 },
  )
  return {
    ...events,
    tick: sim.tick,
    tasks: host.tasks.getStats().done,
    committed: host.writes.counts.committed,
    unwritten: host.writes.counts.other,
    cached: host.strict.status().answered,
    uncached: host.strict.status().failed,
  }
}
type Progress = ReturnType<typeof progressOf>

/** What is to happen before a fault is ended, and after it. */
function wanted({ what, target }: Fault): Record<'during' | 'after', Partial<Progress>> {
  const alive = { tick: 5, tasks: 10, handled: 50 }
  const isLost = what !== 'restart'
  return {
    during: {
      ...alive,
      ...(isLost && target !== 'redis' ? { unwritten: 5 } : {}),
      ...(isLost && target !== 'postgres' ? { uncached: 10 } : {}),
    },
    after: { ...alive, committed: 20, cached: 20 },
  }
}

/** Counts and contents after a round, when nothing is under way. */
async function check(t: Test, host: HostPipeline, told: number, round: string): Promise<void> {
  for (const { bus, published, dropped, failed, handled } of host.buses) {
    const stats = bus.getStats()
    const ofSimulation = bus === host.buses[1].bus ? told : 0
    t.equal(stats.accepted, stats.done + stats.failed + stats.dropped, `${round}: each event has ended once`)
    t.strictSame([stats.dropped, stats.failed, stats.callsTimedOut], [dropped, failed, 0], `${round}: events`)
    t.equal(stats.accepted, published + ofSimulation, `${round}: all that was published was accepted`)
    t.equal(handled, published - dropped, `${round}: each that was not dropped came to its handler once`)
  }
  const { accepted, done, failed, cancelled } = host.tasks.getStats()
  t.strictSame([accepted, done, failed, cancelled], [done + failed, host.expected.done, host.expected.failed, 0], round)
  for (const cache of [host.cache, host.strict]) {
    const { calls, answered, failed, computing } = cache.status()
    t.strictSame([calls, computing], [answered + failed, 0], `${round}: calls of the cache`)
  }
  const { size, idle, opened, lost } = host.pool.status()
  t.strictSame([opened - lost, idle], [size, size], `${round}: connections`)
  t.ok(size <= 4, `${round}: ${size} connections`)
  const { issued, settled, late } = host.calls
  t.strictSame([settled, late], [issued, []], `${round}: each call has settled in time`)
  t.strictSame(host.wrong.concat(host.writes.unexpected), [], `${round}: what came back`)
  t.strictSame(await host.writes.audit(), [], `${round}: what Postgres holds`)
}

t.test(
  `${ROUNDS} faults under load: all is accounted for, and service comes back by itself`,
  { timeout: 0 },
  async t => {
    const host = await HostPipeline.open(await postgres.database(), redis.url)
    let told = 0
    host.buses[1].bus.subscribe('pupils.**', () => void told++)
    const sim = await makeSimulation(host)
    const bytes: number[] = []
    for (const [round, fault] of faultsOf(SEED, ROUNDS).entries()) {
      const name = `round ${round}, ${fault.what} of ${fault.target}`
      await doRound(host, sim, fault, name)
      await check(t, host, told, name)
      bytes.push(await collectedBytes())
    }
    checkVariety(t, host)
    const third = Math.ceil(ROUNDS / 3)
    const growth = Math.min(...bytes.slice(-third)) - Math.min(...bytes.slice(third, -third))
    t.ok(growth < SLACK, `${growth} bytes more are held in the last third of rounds than in the second`)
    const [tick, hash] = [sim.tick, await sim.hash()]
    await sim.checkpoint()
    t.comment(
      JSON.stringify({ ...progressOf(host, sim), ...host.writes.audited, failed: host.guard.status().failed, growth }),
    )
    await sim.close()
    await host.close()
    t.match(await replayed(), { tick, hash, departs: undefined }, 'with the answers of its record it is the same world')
  },
)

/** Load, a fault under it, the end of the fault and of the load. Rejects where something does not come to pass. */
async function doRound(host: HostPipeline, sim: Simulation<typeof pupils>, fault: Fault, name: string): Promise<void> {
  const progress = () => progressOf(host, sim)
  const grown = async (what: string, by: Partial<Progress>) => {
    const before = progress()
    const wanted = Object.entries(by) as [keyof Progress, number][]
    const isGrown = (now: Progress) => wanted.every(([key, n]) => now[key] >= before[key] + n)
    await within(
      `${what} ${name}`,
      () => isGrown(progress()),
      () => ({ before, now: progress(), by }),
    )
  }
  const servers = { postgres: [postgres], redis: [redis], both: [postgres, redis] }[fault.target]
  const { during, after } = wanted(fault)
  host.begin()
  await sim.start({ hz: 30 })
  await grown('all goes on before', { committed: 5, cached: 5 })
  await Promise.all(servers.map(server => strike(server, fault.what)))
  await grown('the rest goes on during', during)
  await Promise.all(servers.map(server => heal(server, fault.what)))
  await grown('all is back after', after)
  await sim.stop()
  const services = () => Object.values(sim.services)
  await within(
    `no ask is under way after ${name}`,
    () => services().every(({ running, waiting, abandoned }) => running + waiting + abandoned === 0),
    services,
  )
  await host.rest()
  const states = () => [host.pool.status(), host.cache.status(), host.strict.status(), host.guard.breaker?.status()]
  // Without load a breaker is half-open until somebody calls.
  const ready = ['ready', 'closed', 'half-open']
  await within(`all is ready after ${name}`, () => states().every(each => ready.includes(each?.state ?? '')), states)
  await host.twice(1)
}

/** What a campaign is to have met, or it shows little. */
function checkVariety(t: Test, { buses, tasks, writes, cache }: HostPipeline): void {
  const [drop, block, log] = buses
  t.ok(drop.dropped > 0 && log.dropped > 0 && log.warnings > 0, 'buses were overrun')
  t.equal(block.dropped, 0)
  const { crashed, failed, done } = tasks.getStats()
  t.ok(crashed > 0 && failed > crashed && done > failed, 'tasks crashed, failed and were done')
  const { committed, nothing, unknown } = writes.audited
  t.ok(committed > 0 && nothing > 0 && unknown > 0, 'writes were committed, rolled back and unknown')
  t.ok(cache.status().hits > 0 && cache.status().failed > 0, 'the cache had values, and was down')
}

/** The run, stepped again with nothing outside. */
async function replayed() {
  const opened = await openStore(store)
  try {
    return await replayRun(PUPILS, opened, { run: 'pupils', workers: 0 })
  } finally {
    await opened.close()
  }
}

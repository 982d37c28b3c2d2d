// populace bench <scenario>: measures it inline and on workers. All simulations are open at once and take turns in
// rounds, so that a machine that slows down slows all of them; the medians are compared, and the work is checked by hash.
import { PopulaceError } from '../core/errors.js'
import { Simulation } from '../run/simulation.js'
import { CORES } from '../services/cores.js'
import { agentUpdates } from './agent-updates.js'
import type { Arguments } from './arguments.js'
import { compact, median } from './numbers.js'
import { type NamedScenario, openScenario } from './open-scenario.js'
import { reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'
import { showStatus } from './progress.js'
import { columnsTable } from './tables.js'
import { BENCH_ROUNDS } from './usage.js'

/** Seconds that warm a simulation up, and that a round of the first one should take. */
const WARM_SECONDS = 0.3
const ROUND_SECONDS = 1

/** What was measured on one number of workers. */
export interface Measured {
  readonly workers: number
  readonly hash: string
  /** Medians over the rounds, and the least and greatest. */
  readonly ticksPerSecond: number
  readonly spread: readonly [number, number]
  readonly agentUpdatesPerSecond: number
  /** Times as fast as the first in the list. */
  readonly speedUp: number
}

interface Lane {
  readonly workers: number
  readonly sim: Simulation
  readonly ticks: number[]
  readonly updates: number[]
}

/** Runs the command. */
export async function bench(given: Arguments): Promise<number> {
  const print = given.has('json') ? reserveStdout() : undefined
  const rounds = given.integer('rounds', 1, 1000) ?? BENCH_ROUNDS
  const asked = given.integer('ticks', 1)
  const { seed } = given
  const workers = given.workerList(powers().join(','))
  const scenario = await openScenario(given)
  const say = (text: string) =>
    given.has('quiet') ? () => {} : showStatus(`${scenario.data.name}: ${text}`, process.stderr)
  const lanes: Lane[] = []
  try {
    for (const w of workers) {
      const clear = say(`setting up on ${w} workers…`)
      const { url, params } = scenario
      const sim = await Simulation.create(url, { workers: w, seed, params }).finally(clear)
      lanes.push({ workers: w, sim, ticks: [], updates: [] })
    }
    const clear = say('warming up…')
    const ticks = await warmUp(lanes, asked).finally(clear)
    let more = true
    for (let round = 0; round < rounds && more; round++) {
      const done = say(`round ${round + 1} of ${rounds}, ${ticks} ticks each…`)
      for (const lane of lanes) more = (await measure(lane, ticks)) && more
      done()
    }
    const results = await compare(lanes, scenario)
    if (print)
      print(
        JSON.stringify({
          scenario: scenario.data.name,
          version: packageVersion(),
          node: process.version,
          seed,
          rounds: lanes[0].ticks.length,
          ticks,
          results,
        }),
      )
    else if (!given.has('quiet')) process.stdout.write(resultText(results, lanes[0].ticks.length, ticks))
  } finally {
    for (const { sim } of lanes) await sim.close()
  }
  return 0
}

/** 0, 1, 2, 4 and so on, and the number of cores. */
function powers(): number[] {
  const list = [0]
  for (let w = 1; w < CORES; w *= 2) list.push(w)
  return [...list, CORES]
}

/** Runs every simulation for a while, and to the same tick; gives the ticks of a round. */
async function warmUp(lanes: readonly Lane[], asked: number | undefined): Promise<number> {
  const [{ sim }] = lanes
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const most = asked ?? Number.POSITIVE_INFINITY
  for (let n = 1; seconds() < WARM_SECONDS && sim.tick < most; n = Math.min(n * 2, most - sim.tick)) {
    const before = sim.tick
    await sim.run({ ticks: n })
    if (sim.tick < before + n) throw tooShort(sim.tick)
  }
  const perTick = seconds() / sim.tick
  for (const lane of lanes.slice(1)) await lane.sim.run({ ticks: sim.tick })
  return asked ?? Math.max(1, Math.round(ROUND_SECONDS / perTick))
}

function tooShort(tick: number): PopulaceError {
  return new PopulaceError(
    'USAGE',
    `The scenario's until ended it at tick ${tick}, before anything was measured`,
    'Set parameters that let it run longer.',
  )
}

/** One round of one simulation; false when its until ended it. */
async function measure({ sim, ticks, updates }: Lane, n: number): Promise<boolean> {
  const before = sim.tick
  const { memory, plan } = sim.internals.world
  const agents = Object.fromEntries(memory.populations.map(p => [p.layout.name, p.size]))
  const began = performance.now()
  await sim.run({ ticks: n })
  const seconds = (performance.now() - began) / 1000
  const full = sim.tick === before + n
  if (full || ticks.length === 0) {
    ticks.push((sim.tick - before) / seconds)
    updates.push(agentUpdates(plan.engines, agents, before, sim.tick) / seconds)
  }
  return full
}

async function compare(lanes: readonly Lane[], { data }: NamedScenario): Promise<Measured[]> {
  const results: Measured[] = []
  for (const { workers, sim, ticks, updates } of lanes) {
    const hash = await sim.hash()
    const first = results[0]
    if (first && first.hash !== hash)
      throw new PopulaceError(
        'CHECK_FAILED',
        `'${data.name}' gave hash ${hash} on ${workers} workers and ${first.hash} on ${first.workers}`,
        'Run populace verify: it names the engine that differs.',
      )
    const ticksPerSecond = median(ticks)
    results.push({
      workers,
      hash,
      ticksPerSecond,
      spread: [Math.min(...ticks), Math.max(...ticks)],
      agentUpdatesPerSecond: median(updates),
      speedUp: first ? ticksPerSecond / first.ticksPerSecond : 1,
    })
  }
  return results
}

function resultText(results: readonly Measured[], rounds: number, ticks: number): string {
  const head = ['workers', 'ticks/s', 'least', 'greatest', 'agent-updates/s', 'speed-up']
  const rows = results.map(r => [
    r.workers === 0 ? '0 (inline)' : String(r.workers),
    ...[r.ticksPerSecond, ...r.spread, r.agentUpdatesPerSecond].map(compact),
    `${r.speedUp.toFixed(2)}x`,
  ])
  const [{ hash }] = results
  return `${columnsTable(head, rows)}\nMedians of ${rounds} rounds of ${ticks} ticks; the same hash in all: ${hash}\n`
}

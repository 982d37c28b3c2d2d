// populace run: steps a scenario and sums it up. Measures stream to --csv with backpressure: while the file is behind,
// the run rests between two ticks.
import { PopulaceError } from '../core/errors.js'
import { guardThread } from '../run/forbidden.js'
import { Simulation } from '../run/simulation.js'
import { UpdateMeter } from './agent-updates.js'
import { type Arguments, wrongUsage } from './arguments.js'
import { chartsOf, drawChart } from './chart.js'
import { csvHeader, csvRow } from './csv.js'
import { Display } from './display.js'
import { History } from './history.js'
import { Interrupt } from './interrupt.js'
import { type NamedScenario, openScenario } from './open-scenario.js'
import { coloured, reserveStdout, terminalWidth } from './output.js'
import { OutputFile } from './output-file.js'
import { packageVersion } from './package-info.js'
import { type MetricsRequest, metricsRequest, serveMetrics } from './served-metrics.js'
import { openRun, type StoreRequest, storeRequest } from './stored.js'
import { type Summary, summaryTable } from './summary.js'
import { RUN_TICKS } from './usage.js'
import { chooseView } from './watch/views.js'

type Measures = Readonly<Record<string, number | readonly number[]>>

/** What a run is asked for. */
interface Request {
  readonly ticks: number
  readonly seed: number
  readonly workers: number
  readonly checks: boolean
  readonly timeout: number | undefined
  readonly csv: string | undefined
  readonly quiet: boolean
  readonly stored: StoreRequest | undefined
  readonly metrics: MetricsRequest | undefined
}

/** Runs the command; gives the exit code. */
export async function run(given: Arguments): Promise<number> {
  const json = given.has('json')
  const print = json ? reserveStdout() : undefined
  const timeout = given.integer('timeout', 1)
  const checks = given.has('checks')
  const request: Request = {
    ticks: given.integer('ticks', 0) ?? RUN_TICKS,
    seed: given.seed,
    workers: given.workers,
    checks,
    timeout,
    csv: given.text('csv'),
    quiet: given.has('quiet'),
    stored: storeRequest(given),
    metrics: metricsRequest(given),
  }
  if (timeout !== undefined && request.workers === 0)
    throw wrongUsage('--timeout has no effect with --workers 0', 'Use at least one worker: a thread cannot end itself.')
  if (given.has('watch') && (json || request.quiet))
    throw wrongUsage(`--watch has no effect with --${json ? 'json' : 'quiet'}`, 'Leave one of them off.')
  const release = checks ? guardThread() : undefined // before the scenario is imported, so that it holds guarded clocks
  let display: Display | undefined
  const interrupt = new Interrupt(() => display?.tell('ending after this tick; once more to quit at once'))
  try {
    const scenario = await openScenario(given)
    const view = given.has('watch') ? chooseView(scenario.data, given.text('watch')) : undefined
    display = new Display(scenario.data.name, request.quiet, view)
    const numbers = [...scenario.data.measures].filter(([, m]) => m.kind !== 'histogram').map(([name]) => name)
    const history = json || request.quiet || numbers.length === 0 ? undefined : new History(numbers)
    const { summary, picture } = await execute(scenario, request, interrupt, history, display)
    if (print) print(JSON.stringify(summary))
    else if (!request.quiet) process.stdout.write(`${picture}${report(scenario, summary, history)}`)
  } finally {
    interrupt.close()
    release?.()
  }
  return interrupt.exitCode
}

function report({ data }: NamedScenario, summary: Summary, history: History | undefined): string {
  const style = { width: terminalWidth(), colours: coloured() }
  const charts = history ? chartsOf(data.measures, history.series) : []
  return `${summaryTable(summary)}\n${charts.map(chart => `\n${drawChart(chart, style)}\n`).join('')}`
}

async function execute(
  scenario: NamedScenario,
  request: Request,
  interrupt: Interrupt,
  history: History | undefined,
  display: Display,
): Promise<{ summary: Summary; picture: string }> {
  const { data, url, params } = scenario
  await using served = request.metrics && (await serveMetrics(request.metrics, text => display.note(text)))
  const file = request.csv === undefined ? undefined : await OutputFile.open(request.csv, '--csv')
  const clear = display.status('setting up…')
  const began = performance.now()
  const limits = request.timeout === undefined ? {} : { tickTimeoutMs: request.timeout }
  const { workers, seed, checks, stored } = request
  try {
    const metrics = served ? { metrics: served.collector } : {}
    const options = { workers, seed, checks, params, limits, ...metrics }
    const opened = stored ? openRun(scenario, stored, options) : Simulation.create(url, options)
    await using sim = await opened.finally(clear)
    const from = sim.tick
    const started = performance.now()
    if (history) follow(sim, history)
    const { agentUpdates, ended } = await step(sim, scenario, request, interrupt, file, display)
    if (stored) await sim.checkpoint()
    const seconds = (performance.now() - started) / 1000
    history?.end(sim.tick, sim.measures)
    const { hash, populations: hashes } = await sim.hashes()
    const populations = agentsOf(sim)
    const summary: Summary = {
      scenario: data.name,
      version: packageVersion(),
      node: process.version,
      seed: sim.internals.world.plan.options.seed,
      workers: sim.workers,
      params: sim.internals.world.plan.params,
      ticks: sim.tick,
      ...(stored ? { store: stored.store, run: stored.run ?? data.name, from } : {}),
      ended,
      agents: Object.values(populations).reduce((a, b) => a + b, 0),
      populations,
      hash,
      hashes,
      setupSeconds: (started - began) / 1000,
      seconds,
      ticksPerSecond: seconds > 0 ? (sim.tick - from) / seconds : 0,
      agentUpdates,
      agentUpdatesPerSecond: seconds > 0 ? agentUpdates / seconds : 0,
      measures: sim.measures as Measures, // the scenario's, whose names are known at run time only
    }
    return { summary, picture: display.picture() }
  } finally {
    await file?.close()
  }
}

function agentsOf(sim: Simulation): Record<string, number> {
  return Object.fromEntries(sim.internals.world.memory.populations.map(p => [p.layout.name, p.size + p.asleep]))
}

/** Keeps measures for charts; as fewer ticks are wanted, fewer are measured. */
function follow(sim: Simulation, history: History): void {
  history.add(sim.tick, sim.measures)
  let end = () => {}
  const listen = () => {
    end = sim.on(
      'tick',
      ({ tick, measures }) => {
        if (!history.add(tick, measures)) return
        end()
        listen()
        sim.read(() => undefined).catch(() => undefined) // a boundary, at which the crew is told; the run tells failures
      },
      { every: history.every },
    )
  }
  listen()
}

/** Steps to the end. */
async function step(
  sim: Simulation,
  { data }: NamedScenario,
  request: Request,
  interrupt: Interrupt,
  file: OutputFile | undefined,
  display: Display,
): Promise<{ agentUpdates: number; ended: Summary['ended'] }> {
  const { ticks } = request
  const meter = new UpdateMeter(sim.internals.world.plan.engines, () => agentsOf(sim), sim.tick)
  const started = performance.now()
  const onProgress = ({ tick }: { tick: number }) => {
    const seconds = (performance.now() - started) / 1000
    display.update({ done: tick, total: ticks, seconds, agentUpdates: meter.upTo(tick) })
  }
  file?.write(csvHeader(data))
  if (file)
    sim.on(
      'tick',
      ({ tick, measures }) => {
        if (!file.write(csvRow(tick, data, measures as Measures))) sim.stop().catch(() => undefined) // told by its run
      },
      { every: 1 },
    )
  display.begin(sim, ticks)
  const signal = interrupt.begin()
  let ended: Summary['ended'] = 'ticks'
  try {
    while (sim.tick < ticks) {
      await sim.run({ ticks: ticks - sim.tick, signal, onProgress })
      const held = await file?.catchUp()
      if (sim.tick < ticks && (!held || isUntil(data, sim))) {
        ended = 'until'
        break
      }
    }
  } catch (error) {
    if (!(error instanceof PopulaceError && error.code === 'ABORTED' && interrupt.received)) throw error
    ended = interrupt.received
  } finally {
    await display.end()
  }
  return { agentUpdates: meter.upTo(sim.tick), ended }
}

/** Whether a run that the file held has come to its end in that very tick too. */
function isUntil({ until }: NamedScenario['data'], sim: Simulation): boolean {
  return until?.({ measures: sim.measures, tick: sim.tick }) === true
}

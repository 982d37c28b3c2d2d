// populace replay: steps a stored run again from its record and says where it departs from its checkpoints.
import { loadScenario } from '../run/load.js'
import { type ReplayReport, replayRun } from '../run/replay.js'
import { storeAt } from '../run/stores.js'
import type { StateStore } from '../state/store.js'
import { findRun } from '../state/stored-state.js'
import { type Arguments, wrongUsage } from './arguments.js'
import { grouped } from './numbers.js'
import { errorText, reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'
import { scenarioUrl } from './scenario-source.js'
import { StatusLine } from './status-line.js'
import { isStoreAddress } from './stored.js'
import { pairsTable } from './tables.js'

/** Runs the command; 1 where the run departs from its record. */
export async function replay(given: Arguments): Promise<number> {
  const print = given.has('json') ? reserveStdout() : undefined
  const named = given.scenario
  const address = isStoreAddress(named) ? named : given.text('store')
  if (address === undefined) throw wrongUsage('No store is named', 'Write populace replay file:FOLDER, or add --store.')
  const from = given.integer('from', 0)
  const run = given.text('run')
  const store = await storeAt(address)
  const shown = given.has('quiet') ? undefined : new StatusLine()
  try {
    const url = isStoreAddress(named) ? await recordedUrl(store, run) : scenarioUrl(named)
    const report = await replayRun(url, store, {
      workers: given.workers,
      checks: given.has('checks'),
      ...(run === undefined ? {} : { run }),
      ...(from === undefined ? {} : { from }),
      onProgress: (tick, last) => shown?.show(`replaying: tick ${grouped(tick)}/${grouped(last)}`),
    }).finally(() => shown?.clear())
    const { name } = await loadScenario(url.href)
    if (print) print(JSON.stringify(plain(name, report)))
    else if (!given.has('quiet')) process.stdout.write(`${reportTable(name, report)}\n`)
    if (report.departs) process.stderr.write(findingText(report))
    return report.departs ? 1 : 0
  } finally {
    await store.close()
  }
}

async function recordedUrl(store: StateStore, run: string | undefined): Promise<URL> {
  const { url, run: name } = await findRun(store, run)
  if (url === '')
    throw wrongUsage(`Run '${name}' does not say where its scenario is`, 'Name the scenario, and add --store.')
  return new URL(url)
}

function plain(scenario: string, { departs, ...report }: ReplayReport): object {
  const error = departs?.error && { code: departs.error.code, message: departs.error.message }
  const { tick: ticks, ...rest } = report
  return {
    scenario,
    version: packageVersion(),
    node: process.version,
    ok: departs === undefined,
    ticks,
    ...rest,
    ...(departs ? { departs: { after: departs.after, at: departs.at, ...(error ? { error } : {}) } } : {}),
  }
}

function reportTable(scenario: string, r: ReplayReport): string {
  return pairsTable([
    ['scenario', scenario],
    ['run', r.run],
    ['seed', String(r.seed)],
    ['workers', r.workers === 0 ? '0 (inline)' : String(r.workers)],
    ['ticks', `${grouped(r.from)} to ${grouped(r.tick)}`],
    ['checkpoints', `${grouped(r.compared)} as recorded`],
    ['hash', r.hash],
  ])
}

function findingText({ run, departs }: ReplayReport): string {
  if (!departs) return ''
  const where = `after tick ${departs.after} and at tick ${departs.at} at the latest`
  const why = departs.error ? `\n${errorText(departs.error)}` : '\n'
  return `populace: run '${run}' departs from its record ${where}.${why}`
}

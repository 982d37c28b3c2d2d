// populace verify: compares runs on several numbers of workers and says in words what it found.
import { guardThread } from '../run/forbidden.js'
import { type Difference, type VerifyReport, verifyScenario } from '../run/verify.js'
import type { Arguments } from './arguments.js'
import { type NamedScenario, openScenario } from './open-scenario.js'
import { errorText, reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'
import { StatusLine } from './status-line.js'
import { columnsTable } from './tables.js'
import { VERIFY_TICKS, VERIFY_WORKERS } from './usage.js'

/** Runs the command; 1 when it finds something. */
export async function verify(given: Arguments): Promise<number> {
  const print = given.has('json') ? reserveStdout() : undefined
  const ticks = given.integer('ticks', 1) ?? VERIFY_TICKS
  const workers = given.workerList(VERIFY_WORKERS)
  const { seed } = given
  const release = guardThread() // before the scenario is imported, so that it holds guarded clocks
  try {
    const scenario = await openScenario(given)
    const { url, params } = scenario
    const shown = given.has('quiet') ? undefined : new StatusLine()
    const report = await verifyScenario(url, {
      ticks,
      seed,
      params,
      workers,
      onProgress: p => shown?.show(`${runName(p)}: tick ${p.tick}/${p.ticks}`),
    }).finally(() => shown?.clear())
    if (print) print(JSON.stringify(plain(scenario, seed, report)))
    else if (report.ok && !given.has('quiet')) process.stdout.write(reportText(scenario, report))
    if (!report.ok) process.stderr.write(findingText(scenario, report))
    return report.ok ? 0 : 1
  } finally {
    release()
  }
}

function runName({ workers, checks }: { workers: number; checks: boolean }): string {
  const crew = workers === 0 ? 'inline' : workers === 1 ? '1 worker' : `${workers} workers`
  return checks ? `${crew}, checked` : crew
}

function reportText({ data }: NamedScenario, { runs, ticks }: VerifyReport): string {
  const table = columnsTable(
    ['run', 'hash'],
    runs.map(run => [runName(run), run.hash]),
    2,
  )
  return `${table}\n'${data.name}': the same bits in all ${runs.length} runs, after each of ${ticks} ticks.\n`
}

/** A difference in words. */
export function differenceText(d: Difference): string {
  const where = d.tick < 0 ? 'in setup' : `in tick ${d.tick}`
  const who = d.engine === undefined ? '' : `, by engine '${d.engine}'`
  const agent = d.agent === undefined ? '' : ` of agent ${d.agent}`
  const value = d.column === 'id' ? `the agents of '${d.population}'${agent}` : `'${d.population}.${d.column}'${agent}`
  return `The run (${runName(d)}) differs from the plain inline run ${where}${who}: ${value} should be ${d.expected}, and is ${d.found}.`
}

function findingText({ data }: NamedScenario, { difference, error }: VerifyReport): string {
  const lines = [`populace: '${data.name}' does not give the same bits.`]
  if (difference) lines.push(differenceText(difference))
  if (error) return `populace: '${data.name}' does not pass.\n${errorText(error)}`
  return `${lines.join('\n')}\n`
}

function plain({ data }: NamedScenario, seed: number, { error, ...report }: VerifyReport): object {
  const told = error && { code: error.code, message: error.message, remedy: error.remedy }
  return { scenario: data.name, version: packageVersion(), node: process.version, seed, ...report, error: told }
}

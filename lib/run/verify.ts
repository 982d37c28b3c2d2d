// The determinism sanitizer: runs a scenario inline and on several numbers of workers, with checks on, and compares the
// hashes of every column after every tick. When some differ, both runs are repeated side by side, engine by engine, to
// name the first engine, column and agent. The first run's recorded values and answers serve the others.
import { inspect } from 'node:util'
import { PopulaceError } from '../core/errors.js'
import { readDocument } from '../memory/documents.js'
import type { WorldHash } from '../state/content-hash.js'
import { type AnswerEntry, MemoryJournal } from '../state/journal.js'
import type { AnyScenario } from './scenario.js'
import { Simulation } from './simulation.js'
import type { SimulationOptions } from './simulation-options.js'

/** How a run is made. */
export interface VerifiedRun {
  readonly workers: number
  readonly checks: boolean
}

/** Options of verifyScenario. */
export interface VerifyOptions {
  readonly ticks: number
  readonly seed?: number
  readonly params?: Readonly<Record<string, unknown>>
  /** Numbers of workers to compare; default 0, 1, 2, 3. */
  readonly workers?: readonly number[]
  onProgress?(p: VerifiedRun & { readonly tick: number; readonly ticks: number }): void
}

/** The first thing that two runs disagree on. */
export interface Difference {
  /** The tick in which it came about, from 0; -1: setup. */
  readonly tick: number
  readonly workers: number
  readonly checks: boolean
  /** Undefined: the difference did not come back when the runs were repeated, or it came with setup. */
  readonly engine: string | undefined
  readonly population: string
  /** 'id' where the agents themselves differ. */
  readonly column: string
  readonly agent: number | undefined
  readonly expected: string
  readonly found: string
}

/** What verifyScenario found. */
export interface VerifyReport {
  readonly ok: boolean
  readonly ticks: number
  readonly runs: readonly (VerifiedRun & { readonly hash: string })[]
  readonly difference?: Difference
  /** A check that failed, or a kernel that threw. */
  readonly error?: PopulaceError
}

interface Place {
  readonly population: string
  readonly column: string
}

type Sim = Simulation

function makeSim(
  url: URL,
  o: VerifyOptions,
  run: VerifiedRun,
  journal: MemoryJournal,
  fuse: boolean,
  answers?: readonly AnswerEntry[],
): Promise<Sim> {
  const params = o.params as SimulationOptions['params'] // checked when the simulation is made
  const options = { ...run, params, ...(o.seed === undefined ? {} : { seed: o.seed }) }
  return Simulation.createWith<AnyScenario>(url, options, { journal, fuse, ...(answers ? { answers } : {}) })
}

function answersIn(journal: MemoryJournal): AnswerEntry[] {
  return journal.entries().filter(e => e.kind === 'answer')
}

/** Where two hashes differ first. */
function firstDifference(a: WorldHash, b: WorldHash): Place | undefined {
  for (const population of Object.keys(a.columns)) {
    for (const column of Object.keys(a.columns[population])) {
      if (a.columns[population][column] !== b.columns[population]?.[column]) return { population, column }
    }
    if (a.populations[population] !== b.populations[population]) return { population, column: 'id' }
  }
  for (const message of new Set([...Object.keys(a.mail), ...Object.keys(b.mail)]))
    if (a.mail[message] !== b.mail[message]) return { population: `message ${message}`, column: 'waiting' }
  for (const ask of new Set([...Object.keys(a.asks), ...Object.keys(b.asks)]))
    if (a.asks[ask] !== b.asks[ask]) return { population: `ask ${ask}`, column: 'waiting' }
  return undefined
}

/** A document as text, for reading; what JSON has no word for is shown as it is. */
function documentText(document: unknown): string {
  if (document === undefined) return 'no document'
  return inspect(document, { depth: null, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 })
}

/** The agent of lowest id whose values differ, with both. */
function firstAgent(a: Sim, b: Sim, { population, column }: Place): Pick<Difference, 'agent' | 'expected' | 'found'> {
  const known = a.internals.world.memory.populations.some(p => p.layout.name === population)
  if (!known) return { agent: undefined, expected: 'the same', found: 'others' }
  const [ours, theirs] = [a, b].map(sim => {
    const memory = sim.internals.world.memory.population(population)
    const bound = memory.columns.get(column)
    const values = new Map<number, string>()
    for (const { row: begin, count } of memory.segments()) {
      for (let row = begin; row < begin + count; row++) {
        const own = bound?.layout.data.doc
          ? documentText(readDocument(memory, column, row))
          : bound
            ? Array.from(bound.array.subarray(row * bound.size, (row + 1) * bound.size)).join(', ')
            : `partition ${memory.partition[row]}`
        values.set(memory.id[row], own)
      }
    }
    return values
  })
  const ids = [...new Set([...ours.keys(), ...theirs.keys()])].sort((x, y) => x - y)
  const agent = ids.find(id => ours.get(id) !== theirs.get(id))
  if (agent === undefined) return { agent, expected: 'the same', found: 'the same' }
  return { agent, expected: ours.get(agent) ?? 'nobody', found: theirs.get(agent) ?? 'nobody' }
}

/** Repeats two runs side by side, engine by engine, up to `tick`. */
async function locate(
  url: URL,
  o: VerifyOptions,
  run: VerifiedRun,
  tick: number,
  journal: MemoryJournal,
): Promise<Difference | undefined> {
  const answers = answersIn(journal)
  await using a = await makeSim(url, o, { workers: 0, checks: false }, journal, false, answers)
  await using b = await makeSim(url, o, run, journal, false, answers)
  const steps = a.internals.world.plan.steps
  const found = async (engine: string | undefined, at: number): Promise<Difference | undefined> => {
    const place = firstDifference(await a.hashes(), await b.hashes())
    return place && { tick: at, ...run, engine, ...place, ...firstAgent(a, b, place) }
  }
  const atSetup = await found(undefined, -1)
  if (atSetup) return atSetup
  for (let t = 0; t <= tick; t++) {
    const ahead = b.internals.driver.stepByStep()
    for await (const position of a.internals.driver.stepByStep()) {
      await ahead.next()
      const step = steps[position]
      const engine = step.kind === 'main' ? step.engine.name : step.kind === 'stage' ? step.engines[0].name : undefined
      const difference = await found(engine, t)
      if (difference) return difference
    }
    await ahead.next() // to the tick's end
  }
  return undefined
}

/** One run, its hashes by tick, compared with the reference where there is one. */
async function follow(
  sim: Sim,
  o: VerifyOptions,
  run: VerifiedRun,
  reference: WorldHash[] | undefined,
): Promise<{ hashes: WorldHash[]; differs: number | undefined }> {
  const hashes: WorldHash[] = []
  for (let tick = 0; ; tick++) {
    const hash = await sim.hashes()
    hashes.push(hash)
    if (reference && reference[tick]?.hash !== hash.hash) return { hashes, differs: tick - 1 }
    o.onProgress?.({ ...run, tick, ticks: o.ticks })
    if (tick === o.ticks) return { hashes, differs: undefined }
    await sim.run({ ticks: 1 })
    if (sim.tick === tick) return { hashes, differs: undefined }
  }
}

/**
 * Compares runs of a scenario: a plain inline one with checked ones on each number of workers, and a plain one on the
 * largest. What checks find, and what fails, is reported, not thrown; wrong options are thrown.
 */
export async function verifyScenario(url: URL, o: VerifyOptions): Promise<VerifyReport> {
  const workers = o.workers ?? [0, 1, 2, 3]
  const plan: VerifiedRun[] = [{ workers: 0, checks: false }, ...workers.map(w => ({ workers: w, checks: true }))]
  const most = Math.max(...workers)
  if (most > 0) plan.push({ workers: most, checks: false })
  const journal = new MemoryJournal(Number.POSITIVE_INFINITY)
  const runs: (VerifiedRun & { hash: string })[] = []
  let reference: WorldHash[] | undefined
  for (const run of plan) {
    try {
      const { hashes, differs } = await (async () => {
        await using sim = await makeSim(url, o, run, journal, true, reference && answersIn(journal))
        return await follow(sim, o, run, reference)
      })()
      runs.push({ ...run, hash: hashes[hashes.length - 1].hash })
      if (differs !== undefined) {
        const known = reference?.[differs + 1]
        const place = (known && firstDifference(known, hashes[differs + 1])) ?? { population: '', column: '' }
        const fallback: Difference = {
          tick: differs,
          ...run,
          engine: undefined,
          ...place,
          agent: undefined,
          expected: known?.hash ?? '',
          found: hashes[differs + 1].hash,
        }
        return {
          ok: false,
          ticks: o.ticks,
          runs,
          difference: (await locate(url, o, run, differs, journal)) ?? fallback,
        }
      }
      reference ??= hashes
    } catch (error) {
      if (!(error instanceof PopulaceError) || error.code.startsWith('OPTION') || error.code.startsWith('PARAM'))
        throw error
      return { ok: false, ticks: o.ticks, runs, error }
    }
  }
  return { ok: true, ticks: o.ticks, runs }
}

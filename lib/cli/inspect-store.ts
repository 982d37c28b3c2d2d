// populace inspect of a store: its runs; of one run its checkpoints, and what the newest holds.
import { storeAt } from '../run/stores.js'
import { imageBytes } from '../state/image.js'
import type { CheckpointRecord, RunRecord, StateStore } from '../state/store.js'
import { readWholeState } from '../state/stored-state.js'
import { WorldState } from '../state/world-state.js'
import { type Arguments, wrongUsage } from './arguments.js'
import { bytes, grouped } from './numbers.js'
import { reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'
import { columnsTable, pairsTable } from './tables.js'

/** A run with its checkpoints. */
interface RunView extends RunRecord {
  readonly checkpoints: readonly CheckpointRecord[]
  readonly journalEntries: number
  readonly storedBytes: number
}

/** What the newest checkpoint of a run holds. */
interface StateView {
  readonly tick: number
  readonly hash: string
  readonly rawBytes: number
  readonly populations: readonly { readonly name: string; readonly agents: number }[]
  readonly partitions: readonly { readonly name: string; readonly agents: number }[]
}

/** Partitions that a table shows. */
const SHOWN = 40

/** Runs the command. */
export async function inspectStore(given: Arguments): Promise<number> {
  const wrong = ['set', 'workers', 'mermaid', 'dot'].find(flag => given.has(flag))
  if (wrong !== undefined) throw wrongUsage(`--${wrong} has no effect on a store`, 'Leave it off.')
  const print = reserveStdout()
  const store = await storeAt(given.scenario)
  try {
    const name = given.text('run')
    const runs = await Promise.all((await store.runs()).map(r => viewRun(store, r)))
    if (name === undefined) {
      print(
        given.has('json')
          ? JSON.stringify({ version: packageVersion(), store: store.url, runs })
          : runsText(store, runs),
      )
      return 0
    }
    const run = runs.find(r => r.run === name)
    if (!run)
      throw wrongUsage(
        `${store.url} has no run '${name}'`,
        `It has ${runs.map(r => `'${r.run}'`).join(', ') || 'none'}.`,
      )
    const state = await viewState(store, run)
    print(
      given.has('json')
        ? JSON.stringify({ version: packageVersion(), store: store.url, ...run, state })
        : runText(run, state),
    )
    return 0
  } finally {
    await store.close()
  }
}

async function viewRun(store: StateStore, record: RunRecord): Promise<RunView> {
  const checkpoints = await store.checkpoints(record.run)
  let journalEntries = 0
  let journalBytes = 0
  for await (const entries of store.journal(record.run)) {
    journalEntries += entries.length
    for (const entry of entries) journalBytes += entry.bytes.length
  }
  const blobs = await store.blobs(record.run)
  const storedBytes = [...checkpoints, ...blobs].reduce((n, { bytes }) => n + bytes, journalBytes)
  return { ...record, checkpoints, journalEntries, storedBytes }
}

async function viewState(store: StateStore, { run, checkpoints }: RunView): Promise<StateView> {
  const { tick } = checkpoints[checkpoints.length - 1]
  const state = new WorldState(await readWholeState(store, run, checkpoints, tick))
  const { schema } = state.image.head
  const tables = schema.populations.map(p => state.population(p.name))
  const partitions = new Map(state.partitions.map(name => [name, 0]))
  for (const { spans } of tables)
    for (const { partition, begin, end } of spans)
      partitions.set(partition, (partitions.get(partition) ?? 0) + end - begin)
  return {
    tick,
    hash: state.hash(),
    rawBytes: imageBytes(state.image.sections),
    populations: tables.map(({ name, size }) => ({ name, agents: size })),
    partitions: [...partitions].map(([name, agents]) => ({ name, agents })),
  }
}

const lastTick = ({ checkpoints }: RunView) => checkpoints[checkpoints.length - 1].tick

function runsText({ url }: StateStore, runs: readonly RunView[]): string {
  if (runs.length === 0) return `${url} has no runs.\n`
  const rows = runs.map(r => [
    r.run,
    r.scenario,
    String(r.seed),
    grouped(lastTick(r)),
    grouped(r.checkpoints.length),
    grouped(r.journalEntries),
    bytes(r.storedBytes),
  ])
  return `${url}\n${columnsTable(['run', 'scenario', 'seed', 'tick', 'checkpoints', 'journal', 'stored'], rows, 2)}\n`
}

function runText(run: RunView, state: StateView): string {
  const about = pairsTable([
    ['run', run.run],
    ['scenario', `${run.scenario}${run.url === '' ? '' : ` (${run.url})`}`],
    ['seed', String(run.seed)],
    ['made', `${run.created}, Node ${run.node}, ${run.arch}`],
    ...(run.fork ? [['forked from', `'${run.fork.run}' at tick ${grouped(run.fork.tick)}`] as const] : []),
    ['journal', `${grouped(run.journalEntries)} entries`],
    ['newest', `tick ${grouped(state.tick)}, hash ${state.hash}, ${bytes(state.rawBytes)} in memory`],
    ...state.populations.map(p => [`agents: ${p.name}`, grouped(p.agents)] as const),
  ])
  const checkpoints = run.checkpoints.map(c => [
    grouped(c.tick),
    c.base === undefined ? 'whole' : `diff of ${grouped(c.base)}`,
    bytes(c.bytes),
    c.created,
  ])
  const shown = state.partitions.slice(0, SHOWN).map(p => [p.name, grouped(p.agents)])
  const more = state.partitions.length > SHOWN ? `\n… and ${grouped(state.partitions.length - SHOWN)} more` : ''
  return [
    about,
    columnsTable(['checkpoint', 'kind', 'stored', 'made'], checkpoints, 4),
    `${columnsTable(['partition', 'agents'], shown)}${more}`,
    '',
  ].join('\n\n')
}

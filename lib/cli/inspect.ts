// populace inspect: shows a scenario's plan. Nothing is set up and no thread is made.
import { makePlan } from '../run/plan.js'
import { type Arguments, wrongUsage } from './arguments.js'
import { inspectStore } from './inspect-store.js'
import { bytes, grouped } from './numbers.js'
import { openScenario } from './open-scenario.js'
import { reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'
import { type EngineView, type PlanView, type PopulationView, type SortedViewView, viewPlan } from './plan-view.js'
import { dot, mermaid } from './schedule-graph.js'
import { isStoreAddress } from './stored.js'
import { columnsTable } from './tables.js'

/** Runs the command. */
export async function inspect(given: Arguments): Promise<number> {
  if (given.positionals.length === 1 && isStoreAddress(given.scenario)) return inspectStore(given)
  if (given.has('run')) throw wrongUsage('--run has no effect on a scenario', 'Name a store, such as file:FOLDER.')
  const ways = ['mermaid', 'dot', 'json'].filter(flag => given.has(flag))
  if (ways.length > 1) throw wrongUsage(`--${ways.join(' and --')} exclude each other`, 'Give one of them.')
  const print = reserveStdout()
  const threads = Math.max(1, given.workers)
  const { data, params } = await openScenario(given)
  const plan = makePlan(data, { seed: 0, params, threads, checks: false, fuse: true, shuffle: 0, blocks: {} })
  const view = viewPlan(plan)
  if (given.has('json')) print(JSON.stringify({ version: packageVersion(), ...view }))
  else if (given.has('mermaid')) print(mermaid(view.stages))
  else if (given.has('dot')) print(dot(view.scenario, view.stages))
  else print(planText(view))
  return 0
}

const TOUCHES = [
  ...(['reads', 'writes', 'senses', 'views', 'receives', 'hears', 'outcomes'] as const),
  ...(['effects', 'claims', 'sends', 'asks', 'emits', 'spawns', 'fates'] as const),
]

function engineText(e: EngineView): string {
  const notes = [
    e.every === 1 ? '' : `every ${e.every} ticks${e.phase === 0 ? '' : ` from ${e.phase}`}`,
    e.oneBlockIn === 1 ? '' : `one block in ${e.oneBlockIn}`,
    e.sheds ? 'sheds' : '',
    e.priority === 0 ? '' : `priority ${e.priority}`,
    e.dependencies.length === 0 ? '' : `after ${e.dependencies.join(', ')}`,
  ].filter(note => note !== '')
  const head = `  ${e.name}${e.population === undefined ? ' (main thread)' : ` over ${e.population}`}`
  const touched = TOUCHES.filter(what => e[what].length > 0).map(
    what => `      ${what.padEnd(8)} ${e[what].join(', ')}`,
  )
  return [`${head}${notes.length === 0 ? '' : `  [${notes.join('; ')}]`}`, ...touched].join('\n')
}

function scheduleText({ stages }: PlanView): string {
  if (stages.length === 0) return 'No engines.'
  return stages
    .map(({ engines, barrier }, i) => {
      const why = barrier === undefined ? '' : `── barrier: ${barrier}\n`
      return `${why}stage ${i + 1}\n${engines.map(engineText).join('\n')}`
    })
    .join('\n')
}

function populationText(p: PopulationView): string {
  const what = p.lattice ? 'lattice, ' : p.permanent ? 'permanent, ' : ''
  const rows = p.columns.map(c => {
    const extra =
      (c.copyBytes === 0 ? '' : ` + ${bytes(c.copyBytes)} copy`) +
      (c.effectBytes === 0 ? '' : ` + ${bytes(c.effectBytes)} effects`)
    const traits = [c.effect ?? '', c.reset ? 'reset' : ''].filter(t => t !== '').join(', ')
    return [c.name, c.kind, traits, String(c.bytesPerRow), `${bytes(c.bytes)}${extra}`]
  })
  const table = columnsTable(['column', 'kind', 'effect', 'bytes a row', 'at capacity'], rows, 3)
  return [
    `${p.name}: ${what}capacity ${grouped(p.capacity)}, ${grouped(p.blocks)} ${p.blocks === 1 ? 'block' : 'blocks'} of ${grouped(p.block)} rows`,
    table,
    `${p.bytesPerRow} bytes an agent with id and slot, ${bytes(p.bytes)} at capacity`,
  ].join('\n')
}

function sortedText(v: SortedViewView): string {
  const goesBy = v.keys.length === 0 ? '' : `, goes by ${v.keys.join(', ')}`
  const copies = v.columns.length === 0 ? '' : `, copies ${v.columns.join(', ')}`
  const runs = `${grouped(v.runs)} ${v.runs === 1 ? 'run' : 'runs'}`
  return `  ${v.name}: of ${v.population}${goesBy}${copies}; ${runs} of up to ${grouped(v.rows)} rows in all, ${bytes(v.reservedBytes)} reserved`
}

/** The view as text. */
export function planText(view: PlanView): string {
  const ambiguous = view.ambiguous.map(
    a => `  '${a.first}' before '${a.second}', over ${a.over.join(', ')}: give a priority or a dependency`,
  )
  const order = ambiguous.length === 0 ? [] : [`Ordered by name alone:\n${ambiguous.join('\n')}`]
  return `${[
    `${view.scenario}: ${view.stages.length} ${view.stages.length === 1 ? 'stage' : 'stages'} a tick`,
    scheduleText(view),
    ...order,
    ...view.populations.map(populationText),
    ...(view.views.length === 0 ? [] : [`Sorted views:\n${view.views.map(sortedText).join('\n')}`]),
    `${bytes(view.reservedBytes)} of address space reserved for ${view.threads} ${view.threads === 1 ? 'thread' : 'threads'}; memory is taken only where something is written`,
  ].join('\n\n')}\n`
}

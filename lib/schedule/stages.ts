// Stages: engines that run with no barrier between them. A thread runs all engines of a stage on a block before it
// takes the next one, so an engine may join a stage only if no block of it can see or spoil what another block of an
// engine before it does there.
import type { AnyEngine, KernelEngine, MainEngine } from './engine.js'
import { restructures, touchedBy } from './touches.js'

/** A column of a population. */
export interface ColumnName {
  readonly population: string
  readonly column: string
}

/** Kernel engines between two barriers. */
export interface Stage {
  readonly kind: 'stage'
  readonly engines: readonly KernelEngine[]
}

/** A main engine between two barriers. */
export interface MainStage {
  readonly kind: 'main'
  readonly engine: MainEngine
}

/** Why `engine` cannot share a stage with `before`, in words; undefined: it can. */
export function obstacle(engine: KernelEngine, before: KernelEngine): string | undefined {
  const t = touchedBy(engine)
  const b = touchedBy(before)
  const said = (mine: ReadonlySet<string>, theirs: ReadonlySet<string>, does: string, did: string) => {
    const shared = [...mine].filter(key => theirs.has(key))
    return shared.length === 0
      ? undefined
      : `'${engine.name}' ${does} ${shared.join(', ')}, which '${before.name}' ${did}`
  }
  // Rows come, go and move when a stage ends: the next engine steps other rows.
  if (restructures(before)) return `'${engine.name}' steps the agents that '${before.name}' leaves`
  return (
    // It would see part of what is written.
    said(t.senses, b.writes, 'senses', 'writes') ??
    said(t.senses, b.effects, 'senses', 'changes when it ends') ??
    // A later block of the one before would see this one's writes.
    said(t.writes, b.senses, 'writes', 'senses') ??
    // Effects are merged when a stage ends.
    said(t.own, b.effects, 'touches', 'changes when it ends') ??
    said(t.effects, b.effects, 'changes', 'changes too') ??
    documentsBetween(engine, before) ??
    // Rows of one population are stepped by one thread in order; of two, nothing is shared but what is tested above.
    (engine.population === before.population ? undefined : said(t.writes, b.own, 'writes', 'touches'))
  )
}

/** What one engine may write of documents, and what is live when it ends, must not depend on who shares its stage. */
function documentsBetween(engine: KernelEngine, before: KernelEngine): string | undefined {
  const { restructures: changed } = touchedBy(engine)
  const written = before.documentsOf.filter(name => engine.documentsOf.includes(name))
  const left = before.documentsOf.filter(name => changed.has(name))
  if (written.length > 0) return `'${engine.name}' writes documents of ${written.join(', ')}, as '${before.name}' does`
  return left.length === 0
    ? undefined
    : `'${engine.name}' changes who lives in ${left.join(', ')}, whose documents '${before.name}' writes`
}

/** Groups ordered engines. fuse false: each engine is a stage of its own (checks mode). */
export function makeStages(ordered: readonly AnyEngine[], fuse: boolean): (Stage | MainStage)[] {
  const stages: (Stage | MainStage)[] = []
  let open: KernelEngine[] | undefined
  for (const engine of ordered) {
    if (engine.kind === 'main') {
      stages.push({ kind: 'main', engine })
      open = undefined
      continue
    }
    if (fuse && open?.every(before => obstacle(engine, before) === undefined)) {
      open.push(engine)
    } else {
      open = [engine]
      stages.push({ kind: 'stage', engines: open })
    }
  }
  return stages
}

/**
 * The columns that an engine picks and writes: it is given copies of them, as they were when it began. Sorted views are
 * copies already.
 */
export function copiesOf(engine: KernelEngine): ColumnName[] {
  const { writes } = touchedBy(engine)
  const found = new Map<string, ColumnName>()
  for (const { population, columns, access } of engine.senses.values()) {
    if (access.kind !== 'pick') continue
    for (const column of columns) {
      const key = `${population}.${column}`
      if (writes.has(key)) found.set(key, { population, column })
    }
  }
  return [...found.values()]
}

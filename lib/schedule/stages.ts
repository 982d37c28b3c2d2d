// Stages: engines that run with no barrier between them. A thread runs all engines of a stage on a block before it
// takes the next one, so an engine may join a stage only if no block of it can see or spoil what another block of an
// engine before it does there.
import type { AnyEngine, KernelEngine, MainEngine } from './engine.js'
import { meet, type Touched, touchedBy } from './touches.js'

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

function joins(engine: KernelEngine, t: Touched, before: KernelEngine, b: Touched): boolean {
  if (meet(t.senses, b.writes) || meet(t.senses, b.effects)) return false // would see part of what is written
  if (meet(b.senses, t.writes)) return false // a later block of the one before would see this one's writes
  if (meet(t.own, b.effects) || meet(t.effects, b.effects)) return false // effects are merged when a stage ends
  // Rows of one population are stepped by one thread in order; of two, nothing is shared but what is tested above.
  return engine.population === before.population || !meet(t.writes, b.own)
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
    const t = touchedBy(engine)
    if (fuse && open?.every(before => joins(engine, t, before, touchedBy(before)))) {
      open.push(engine)
      continue
    }
    open = [engine]
    stages.push({ kind: 'stage', engines: open })
  }
  return stages
}

/** The columns that an engine senses and writes: it is given copies of them, as they were when it began. */
export function copiesOf(engine: KernelEngine): ColumnName[] {
  const { writes } = touchedBy(engine)
  const found = new Map<string, ColumnName>()
  for (const { population, columns } of engine.senses.values()) {
    for (const column of columns) {
      const key = `${population}.${column}`
      if (writes.has(key)) found.set(key, { population, column })
    }
  }
  return [...found.values()]
}

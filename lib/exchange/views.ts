// The sorted views of a world in one thread: made once from the plan, found by what an engine senses.
import { invariant } from '../core/invariant.js'
import type { AccessData } from '../memory/sight.js'
import type { WorldMemory } from '../memory/world.js'
import type { KernelEngine } from '../schedule/engine.js'
import type { ColumnName } from '../schedule/stages.js'
import { SortedView } from './sorted-view.js'
import { type PlannedView, type ViewPlan, viewName } from './view-plan.js'

export class Views {
  readonly all: readonly SortedView[]

  constructor(planned: readonly PlannedView[], memory: WorldMemory) {
    this.all = planned.map(
      (view, i) =>
        new SortedView({
          plan: view,
          needs: view.needs,
          layout: memory.layout.views[i],
          buffer: memory.buffer,
          population: memory.population(view.population),
          target: view.target === undefined ? undefined : memory.population(view.target),
          partitions: memory.partitions,
        }),
    )
  }

  /** The view behind an access; undefined for random access. */
  behind(access: AccessData): SortedView | undefined {
    if (access.kind === 'pick') return undefined
    const name = viewName(access)
    const found = this.all.find(v => v.plan.name === name)
    invariant(found !== undefined, `no view is planned for ${name}`)
    return found
  }

  /** The views that an engine senses. */
  sensedBy(engine: KernelEngine): SortedView[] {
    const found = [...engine.senses.values()].flatMap(({ access }) => this.behind(access) ?? [])
    return [...new Set(found)]
  }

  /** A call that tells the views that go by some of these columns that they were written; undefined: none does. */
  noteOf(columns: readonly ColumnName[]): (() => void) | undefined {
    const goesBy = (plan: ViewPlan, names: readonly string[]) =>
      columns.some(c => c.population === plan.population && names.includes(c.column))
    const sorted = this.all.filter(v => goesBy(v.plan, v.plan.keys))
    const copied = this.all.filter(v => goesBy(v.plan, v.plan.columns))
    if (sorted.length + copied.length === 0) return undefined
    return () => {
      for (const view of sorted) view.noteKeys()
      for (const view of copied) view.noteColumns()
    }
  }
}

/** The columns that an engine changes, by its own writes and by effects. */
export function changedBy(engine: KernelEngine): ColumnName[] {
  const own = { population: engine.population, columns: engine.writes }
  return [own, ...engine.effects.values()].flatMap(t => t.columns.map(column => ({ population: t.population, column })))
}

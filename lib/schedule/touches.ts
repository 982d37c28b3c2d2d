// What engines touch, as sets of 'population.column', and when two of them conflict.
import type { AnyEngine, KernelEngine, Touch } from './engine.js'

/** What a kernel engine touches. */
export interface Touched {
  /** Own-row columns read or written. */
  readonly own: ReadonlySet<string>
  /** Own-row columns written. */
  readonly writes: ReadonlySet<string>
  /** Columns of other rows. */
  readonly senses: ReadonlySet<string>
  /** Columns changed by effects. */
  readonly effects: ReadonlySet<string>
}

function keys(touches: Iterable<Touch>): Set<string> {
  const all = new Set<string>()
  for (const { population, columns } of touches) for (const column of columns) all.add(`${population}.${column}`)
  return all
}

/** What an engine touches. */
export function touchedBy(engine: KernelEngine): Touched {
  const own = (columns: readonly string[]) => keys([{ population: engine.population, columns }])
  return {
    own: own([...engine.reads, ...engine.writes]),
    writes: own(engine.writes),
    senses: keys(engine.senses.values()),
    effects: keys(engine.effects.values()),
  }
}

/** What one of two engines writes and the other touches: 'population.column', or 'anything' for undeclared main engines. */
export function conflict(a: AnyEngine, b: AnyEngine): string[] {
  const changes = (e: AnyEngine) =>
    e.kind === 'main' ? undefined : new Set([...touchedBy(e).writes, ...touchedBy(e).effects])
  const touches = (e: AnyEngine) => {
    if (e.kind === 'main') return e.reads ? keys(e.reads) : undefined
    const t = touchedBy(e)
    return new Set([...t.own, ...t.senses, ...t.effects])
  }
  const found = new Set<string>()
  for (const [writer, other] of [
    [a, b],
    [b, a],
  ]) {
    const writes = changes(writer)
    const seen = touches(other)
    if (writes && seen) {
      // Effects of one kind on one column commute, so two adders of it do not conflict.
      const commuting = writer.kind === 'kernel' && other.kind === 'kernel' ? touchedBy(other) : undefined
      for (const key of writes) {
        if (!seen.has(key)) continue
        const both =
          commuting &&
          !commuting.own.has(key) &&
          !commuting.senses.has(key) &&
          !touchedBy(writer as KernelEngine).writes.has(key)
        if (!both) found.add(key)
      }
    } else if (writer.kind === 'main') {
      for (const key of mainConflict(writer.writes, other)) found.add(key)
    }
  }
  return [...found].sort()
}

/** What a main engine's changes meet in another engine: whole populations, for it may change any column of them. */
function mainConflict(writes: readonly string[] | undefined, other: AnyEngine): string[] {
  if (other.kind === 'main') return writes?.length === 0 ? [] : ['anything']
  const t = touchedBy(other)
  const all = [...t.own, ...t.senses, ...t.effects]
  return writes ? all.filter(key => writes.some(w => key.startsWith(`${w}.`))) : all
}

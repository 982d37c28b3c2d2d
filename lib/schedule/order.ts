// The order of engines: repeatedly, of those whose dependencies are placed, the lowest (priority, name by code units).
// The result of a tick is as if engines ran one after another in this order.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { fnv1a } from '../core/threefry.js'
import type { AnyEngine } from './engine.js'
import { conflict } from './touches.js'

function checkNames(engines: readonly AnyEngine[]): void {
  const byName = new Set<string>()
  const byHash = new Map<number, string>()
  for (const { name } of engines) {
    if (byName.has(name)) throw new PopulaceError('DUPLICATE_NAME', `Two engines are named '${name}'`, 'Rename one.')
    byName.add(name)
    const hash = fnv1a(name)
    const other = byHash.get(hash)
    if (other !== undefined)
      throw new PopulaceError(
        'DUPLICATE_NAME',
        `Engines '${other}' and '${name}' have one hash, and would draw the same random numbers`,
        'Rename one.',
      )
    byHash.set(hash, name)
  }
  for (const { name, dependencies } of engines) {
    for (const needed of dependencies) {
      if (!byName.has(needed))
        throw new PopulaceError(
          'ENGINE_INVALID',
          `Engine '${name}' depends on '${needed}', which does not exist`,
          hint(needed, [...byName]),
        )
    }
  }
}

/** One circle among engines none of which can be placed, as names from and to the same. */
function findCycle(left: ReadonlyMap<string, AnyEngine>): string[] {
  const path: string[] = []
  let name = [...left.keys()].sort()[0]
  while (!path.includes(name)) {
    path.push(name)
    name = (left.get(name) as AnyEngine).dependencies.find(d => left.has(d)) as string // each one left waits for another left
  }
  return [...path.slice(path.indexOf(name)), name]
}

/** Engines in the order in which they run. DUPLICATE_NAME, ENGINE_INVALID (missing dependency), CYCLE. */
export function orderEngines(engines: readonly AnyEngine[]): AnyEngine[] {
  checkNames(engines)
  const left = new Map(engines.map(e => [e.name, e]))
  const placed: AnyEngine[] = []
  while (left.size > 0) {
    let best: AnyEngine | undefined
    for (const engine of left.values()) {
      if (engine.dependencies.some(d => left.has(d))) continue
      if (!best || engine.priority < best.priority || (engine.priority === best.priority && engine.name < best.name))
        best = engine
    }
    if (!best) {
      throw new PopulaceError(
        'CYCLE',
        `Engines depend on each other in a circle: ${findCycle(left).join(' -> ')}`,
        'Take one of these dependencies away.',
      )
    }
    left.delete(best.name)
    placed.push(best)
  }
  return placed
}

/** Two engines that touch the same thing, one of them writing, ordered by name alone. */
export interface Ambiguity {
  readonly first: string
  readonly second: string
  readonly over: readonly string[]
}

/** Pairs whose order nothing but their names decides. */
export function ambiguities(ordered: readonly AnyEngine[]): Ambiguity[] {
  const before = new Map<string, Set<string>>()
  for (const engine of ordered) {
    const all = new Set<string>()
    for (const d of engine.dependencies) {
      all.add(d)
      for (const further of before.get(d) ?? []) all.add(further)
    }
    before.set(engine.name, all)
  }
  const found: Ambiguity[] = []
  ordered.forEach((second, j) => {
    for (const first of ordered.slice(0, j)) {
      if (first.priority !== second.priority || before.get(second.name)?.has(first.name)) continue
      const over = conflict(first, second)
      if (over.length > 0) found.push({ first: first.name, second: second.name, over })
    }
  })
  return found
}

// What engines touch, as sets of names, and when two of them conflict. A name is 'population.column', "the outcome of
// 'claim'" or, of those that agents come to or leave, "the agents of 'population'".
import type { AskData } from '../memory/ask.js'
import type { ClaimData } from '../memory/claim.js'
import type { MessageData } from '../memory/record.js'
import type { Declared } from './declared.js'
import type { AnyEngine, KernelEngine, Touch } from './engine.js'

/** What a kernel engine touches. */
export interface Touched {
  /** Own-row columns read or written, outcomes, mail and answers read. */
  readonly own: ReadonlySet<string>
  /** Own-row columns written. */
  readonly writes: ReadonlySet<string>
  /** Columns of other rows. */
  readonly senses: ReadonlySet<string>
  /** Columns changed by effects, outcomes of the claims made, mail sent and taken in, asks, events: changed when the engine ends. */
  readonly effects: ReadonlySet<string>
  /** Populations that it steps, looks at or changes. */
  readonly populations: ReadonlySet<string>
  /** Populations whose agents come, go or move by it. */
  readonly restructures: ReadonlySet<string>
}

/** What the names of mailboxes begin with. */
const POST = 'the messages '

/** What the names of asks begin with. */
const ASKED = 'the asks '

/** What the names of outcomes begin with. */
const OUTCOME = 'the outcome of '

function keys(touches: Iterable<Touch>): Set<string> {
  const all = new Set<string>()
  for (const { population, columns } of touches) for (const column of columns) all.add(`${population}.${column}`)
  return all
}

/** What an engine touches. */
export function touchedBy(engine: KernelEngine): Touched {
  const own = (columns: readonly string[]) => keys([{ population: engine.population, columns }])
  const outcomes = (claims: Declared<ClaimData>) => [...claims.values()].map(c => `${OUTCOME}'${c.name}'`)
  const mail = (messages: Declared<MessageData>) => [...messages.values()].map(m => `${POST}'${m.name}'`)
  const asks = (all: Declared<AskData>) => [...all.values()].map(a => `${ASKED}'${a.name}'`)
  const others = [...engine.senses.values(), ...engine.effects.values()].map(t => t.population)
  const targets = [...engine.senses.values()].flatMap(({ access }) => (access.kind === 'by' ? [access.to] : []))
  const claimed = [...engine.claims.values()].map(c => c.on)
  return {
    own: new Set([
      ...own([...engine.reads, ...engine.writes]),
      ...outcomes(engine.outcomes),
      ...mail(engine.receives),
      ...asks(engine.hears),
    ]),
    writes: own(engine.writes),
    senses: keys(engine.senses.values()),
    effects: new Set([
      ...keys(engine.effects.values()),
      ...outcomes(engine.claims),
      ...mail(engine.sends),
      ...mail(engine.receives),
      ...asks(engine.asks),
      ...asks(engine.hears),
      ...(engine.emits.size > 0 ? ['the events'] : []),
    ]),
    populations: new Set([engine.population, ...others, ...targets, ...claimed]),
    restructures: new Set([...engine.spawns.values(), ...(engine.despawns || engine.moves ? [engine.population] : [])]),
  }
}

/** Whether agents come, go or move when the engine ends. */
export function restructures(engine: KernelEngine): boolean {
  return engine.spawns.size > 0 || engine.despawns || engine.moves
}

/** Whether its kernel puts records into streams. */
export function stages(engine: KernelEngine): boolean {
  return engine.spawns.size + engine.sends.size + engine.emits.size + engine.asks.size > 0
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
          !key.startsWith(OUTCOME) && // of two claims of one kind the later one's outcome stands
          !key.startsWith(POST) && // messages keep the order in which they were sent
          !key.startsWith(ASKED) && // so do asks
          !commuting.own.has(key) &&
          !commuting.senses.has(key) &&
          !touchedBy(writer as KernelEngine).writes.has(key)
        if (!both) found.add(key)
      }
    } else if (writer.kind === 'main') {
      for (const key of mainConflict(writer.writes, other)) found.add(key)
    }
  }
  for (const name of restructured(a, b)) found.add(name)
  return [...found].sort()
}

/** Populations whose agents come, go or move by one of two engines, and that the other has to do with. */
function restructured(a: AnyEngine, b: AnyEngine): string[] {
  if (a.kind === 'main' || b.kind === 'main') return [] // a main engine that may change a population is told of already
  const [s, t] = [touchedBy(a), touchedBy(b)]
  const met = [...s.restructures].filter(p => t.populations.has(p) || t.restructures.has(p))
  const meeting = [...t.restructures].filter(p => s.populations.has(p))
  return [...met, ...meeting].map(p => `the agents of '${p}'`)
}

/** What a main engine's changes meet in another engine: whole populations, for it may change any column of them. */
function mainConflict(writes: readonly string[] | undefined, other: AnyEngine): string[] {
  if (other.kind === 'main') return writes?.length === 0 ? [] : ['anything']
  const t = touchedBy(other)
  const all = [...t.own, ...t.senses, ...t.effects]
  return writes ? all.filter(key => writes.some(w => key.startsWith(`${w}.`))) : all
}

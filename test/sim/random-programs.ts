// Random programs of kernels: what a row does, and what has to be declared for it.
import type {
  ClaimSpec,
  EventSpec,
  Expression,
  Given,
  GridSpec,
  Link,
  MessageSpec,
  Pick,
  Place,
  PopulationSpec,
  Sense,
  Step,
  Target,
} from '../fixtures/world-spec.js'
import type { Draw } from './draw.js'
import { looks } from './random-looks.js'

/** What a world declares, of which programs make use. */
export interface Declared {
  /** No agent is born, dies or moves. */
  readonly isCalm: boolean
  /** Partitions freeze and thaw. */
  readonly isSleepy: boolean
  readonly populations: readonly PopulationSpec[]
  readonly claims: readonly ClaimSpec[]
  readonly messages: readonly MessageSpec[]
  readonly events: readonly EventSpec[]
  readonly grids: readonly GridSpec[]
}

/** Ways to deal with others. */
export type Deal = 'send' | 'claim' | 'spawn' | 'emit' | 'move' | 'despawn'

/** Writes the program of one kernel, and notes what it needs declared. */
export class Programmer {
  readonly used = new Set<string>()
  readonly senses: Record<string, Sense> = {}
  readonly effects: Record<string, Pick> = {}
  readonly sends: Record<string, string> = {}
  readonly receives = new Set<string>()
  readonly claims = new Set<string>()
  readonly outcomes = new Set<string>()
  readonly spawns: Record<string, string> = {}
  readonly emits = new Set<string>()
  despawns = false
  moves = false
  readonly home: PopulationSpec
  readonly declared: Declared
  readonly draw: Draw
  readonly #writes: readonly string[]

  constructor(d: Draw, home: PopulationSpec, declared: Declared, writes: readonly string[]) {
    this.draw = d
    this.home = home
    this.declared = declared
    this.#writes = writes
  }

  population(name: string): PopulationSpec {
    return this.declared.populations.find(p => p.name === name) as PopulationSpec
  }

  #own(): { column: string; k: number } {
    const [column, { size }] = this.draw.hot(Object.entries(this.home.columns))
    this.used.add(column)
    return { column, k: this.draw.int(0, size - 1) }
  }

  /** A link of an own column: to any population, or to one. */
  link(to?: string): Link | undefined {
    const links = Object.entries(this.home.columns).filter(([, c]) => c.to !== undefined && (c.to === to || !to))
    if (links.length === 0) return undefined
    const [column, { kind, size, to: name }] = this.draw.of(links)
    this.used.add(column)
    const find = `find ${name}`
    if (kind === 'ref') this.touch(find, name as string)
    return { via: kind as 'ref' | 'index', column, k: this.draw.int(0, size - 1), find }
  }

  #target(): { target: Target; to: PopulationSpec } {
    const d = this.draw
    const look = d.yes(1, 3) ? looks(this) : undefined
    if (look) return { target: { via: 'look', look: look.look, nth: d.int(0, 3) }, to: look.of }
    const target = this.link() as Link // every population has a column that refers
    return { target, to: this.population(this.home.columns[target.column].to as string) }
  }

  /** Somebody of one population, where a link or a look happens to lead there. */
  target(to: string): Target | undefined {
    const found = this.draw.yes(1, 2) ? this.#target() : undefined
    return found?.to.name === to ? found.target : this.draw.yes(1, 2) ? this.link(to) : undefined
  }

  /** Senses a population by a pick of this key, with this column. */
  touch(key: string, population: string, column?: string): void {
    this.senses[key] ??= { kind: 'pick', population, columns: [] }
    this.#add(this.senses[key], column)
  }

  #add(sense: Sense, column: string | undefined): void {
    const columns = sense.columns as string[]
    if (column !== undefined && !columns.includes(column)) columns.push(column)
  }

  /** Senses in another way, with these columns. */
  see(key: string, sense: Sense, columns: readonly string[]): void {
    this.senses[key] ??= sense
    for (const column of columns) this.#add(this.senses[key], column)
  }

  /** A column of a population that this engine sees: one that it writes itself more often. */
  seenColumn(of: PopulationSpec): string {
    const d = this.draw
    return of === this.home && d.yes(1, 2) ? d.of(this.#writes) : d.hot(Object.keys(of.columns))
  }

  place(): Place {
    return [this.expression(0), this.expression(0)]
  }

  expression(depth: number): Expression {
    const d = this.draw
    const choice = depth === 0 ? d.int(0, 6) : d.int(0, 10)
    if (choice <= 1) return { is: 'own', ...this.#own() }
    if (choice === 2) return { is: 'number', value: d.int(-1000, 1000) }
    if (choice === 3 && d.yes(1, 2)) return { is: d.of(['elapsed', 'tick', 'id', 'partition'] as const) }
    if (choice === 4 && d.yes(1, 2))
      return { is: 'draw', what: d.of(['float', 'int', 'chance', 'normal', 'exponential', 'u32'] as const) }
    if (choice === 3) return this.mail() ?? this.expression(depth)
    if (choice === 4) return this.outcome() ?? this.expression(depth)
    if (choice === 5) {
      const { target, to } = this.#target()
      const open = Object.entries(to.columns).filter(([, c]) => c.effect)
      const [name, { size }] = d.hot(open.length > 0 && d.yes(1, 3) ? open : Object.entries(to.columns))
      const key = `see ${to.name}`
      this.touch(key, to.name, name)
      return { is: 'sensed', key, column: name, k: d.int(0, size - 1), target }
    }
    if (choice === 6 && depth > 0) return this.seen() ?? this.expression(depth)
    if (depth === 0) return { is: 'own', ...this.#own() }
    const is = d.of(['sum', 'product', 'mix', 'mix'] as const)
    return { is, of: [this.expression(depth - 1), this.expression(depth - 1)] }
  }

  /** Something of the mail to this population: of one kind, or of any. */
  mail(message?: MessageSpec): Expression | undefined {
    const d = this.draw
    const mine = this.declared.messages.filter(m => m.to === this.home.name)
    if (mine.length === 0) return undefined
    const { name, columns } = message ?? d.of(mine)
    this.receives.add(name)
    const what = d.of(['count', 'from', 'mix', 'mix'] as const)
    return { is: 'mail', message: name, what, column: d.of(Object.keys(columns)) }
  }

  /** Something of what contests came to: of one claim, or of any. */
  outcome(claim?: ClaimSpec): Expression | undefined {
    const d = this.draw
    const told = this.declared.claims.filter(c => c.by === this.home.name || c.on === this.home.name)
    if (told.length === 0) return undefined
    const { name, by, on } = claim ?? d.of(told)
    const sides = [
      ...(by === this.home.name ? (['won', 'target'] as const) : []),
      ...(on === this.home.name ? (['winner'] as const) : []),
    ]
    this.outcomes.add(name)
    return { is: d.of(sides), claim: name }
  }

  /** Something of many rows: seen in a grid, or in any way. */
  seen(grid?: GridSpec): Expression | undefined {
    const d = this.draw
    const seen = looks(this, grid)
    if (!seen) return undefined
    const { look, of, columns } = seen
    const column = columns.length > 0 ? d.of(columns) : ''
    const what = d.of(
      columns.length > 0
        ? (['count', 'first', 'ids', 'mix', 'mix', 'sum'] as const)
        : (['count', 'first', 'ids'] as const),
    )
    return { is: 'seen', look, what, column, k: column === '' ? 0 : d.int(0, of.columns[column].size - 1) }
  }

  #given(columns: PopulationSpec['columns'], most: number): Given[] {
    const d = this.draw
    const documents = Object.entries(columns).filter(([, c]) => c.kind === 'doc')
    return d.list(0, most, () => {
      const [column, { size }] = d.of(documents.length > 0 && d.yes(1, 3) ? documents : Object.entries(columns))
      return { column, k: d.int(0, size - 1), value: this.expression(1) }
    })
  }

  #sometimes(least = 1) {
    const d = this.draw
    const any = this.expression(1)
    // Half of the time it is another matter for each agent, whatever the expression comes to.
    const when: Expression = d.yes(1, 2) ? any : { is: 'mix', of: [{ is: 'id' }, any] }
    return { when, of: d.of([1, 2, 3, 5]) + least - 1 }
  }

  /** Sends messages: of one kind, or of any. */
  send(message?: MessageSpec): Step | undefined {
    const d = this.draw
    const { messages } = this.declared
    if (messages.length === 0) return undefined
    const { name, to, columns } = message ?? d.of(messages)
    const key = d.of([name, `${name} again`])
    this.sends[key] = name
    const link = d.yes(2, 3) ? this.link(to) : undefined
    const whom: Expression = link?.via === 'ref' ? { is: 'own', column: link.column, k: link.k } : this.expression(1)
    return { does: 'send', key, to: whom, values: this.#given(columns, 2), ...this.#sometimes() }
  }

  /** Makes a claim, by any way to look at whom it is on; undefined where this engine makes it already. */
  claim(claim: ClaimSpec): Step | undefined {
    const d = this.draw
    const { name, on } = claim
    if (this.claims.has(name)) return undefined
    this.claims.add(name)
    const everybody = (): Target => {
      const key = `all of ${on}`
      this.see(key, { kind: 'where', population: on, match: {}, columns: [] }, [])
      return { via: 'look', look: { sight: 'matches', key }, nth: d.int(0, 5) }
    }
    const seen = this.target(on)
    const rank = d.yes(1, 2) ? { rank: this.expression(1) } : {}
    return { does: 'claim', claim: name, target: seen ?? everybody(), ...rank, ...this.#sometimes() }
  }

  /** Births of one population, or of any: under one key or under both. */
  births(of?: PopulationSpec, keys: 'one' | 'both' = 'one'): Step[] {
    const d = this.draw
    const { name, columns } = of ?? d.of(this.declared.populations.filter(p => p.shape === 'ordinary'))
    const both = [name, `${name} too`]
    return (keys === 'both' ? both : [d.of(both)]).map(key => {
      this.spawns[key] = name
      const partition = d.yes(1, 2) ? { partition: this.expression(1) } : {}
      return { does: 'spawn', key, values: this.#given(columns, 3), ...partition, ...this.#sometimes() }
    })
  }

  #emit(): Step | undefined {
    const { events } = this.declared
    if (events.length === 0) return undefined
    const { name, columns } = this.draw.of(events)
    this.emits.add(name)
    return { does: 'emit', event: name, values: this.#given(columns, 3), ...this.#sometimes() }
  }

  /** A step by which the row deals with others; undefined where there is none to be had. */
  deal(how: Deal): Step | undefined {
    const d = this.draw
    if (this.declared.isCalm && ['spawn', 'move', 'despawn'].includes(how)) return undefined
    if (how === 'send') return this.send()
    if (how === 'claim') {
      const open = this.declared.claims.filter(c => c.by === this.home.name)
      return open.length === 0 ? undefined : this.claim(d.of(open))
    }
    if (how === 'spawn') return this.births()[0]
    if (how === 'emit') return this.#emit()
    if (this.home.shape !== 'ordinary') return undefined
    if (how === 'move') {
      this.moves = true
      return { does: 'move', partition: this.expression(1), ...this.#sometimes() }
    }
    this.despawns = true
    return { does: 'despawn', ...this.#sometimes(3) }
  }

  #effect(): Step | undefined {
    const { target, to } = this.#target()
    const open = Object.entries(to.columns).filter(([, c]) => c.effect)
    if (open.length === 0) return undefined
    const [name] = this.draw.of(open)
    const key = `change ${to.name}`
    this.effects[key] ??= { kind: 'pick', population: to.name, columns: [] }
    this.#add(this.effects[key], name)
    return { does: 'effect', key, column: name, target, value: this.expression(1) }
  }

  step(): Step {
    const d = this.draw
    const how = d.of(['send', 'claim', 'spawn', 'spawn', 'emit', 'move', 'despawn'] as const)
    return (d.yes(1, 2) ? this.deal(how) : d.yes(2, 5) ? this.#effect() : undefined) ?? this.write()
  }

  /** Writes an own column: this value, or any. */
  write(value?: Expression): Step {
    const d = this.draw
    const column = d.of(this.#writes)
    const { kind, size } = this.home.columns[column]
    if (kind === 'doc' && d.yes(1, 2)) return { does: 'amend', column, value: value ?? this.expression(1) }
    return { does: 'set', column, k: d.int(0, size - 1), value: value ?? this.expression(2) }
  }
}

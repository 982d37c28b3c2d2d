// Random programs of kernels: what a row does, and what has to be declared for it.
import type { ClaimSpec, Expression, MessageSpec, PopulationSpec, Step, Target } from '../fixtures/world-spec.js'
import type { Draw } from './draw.js'

/** Writes the program of one kernel, and notes what it needs declared. */
export class Programmer {
  readonly used = new Set<string>()
  readonly senses: Record<string, { population: string; columns: string[] }> = {}
  readonly effects: Record<string, { population: string; columns: string[] }> = {}
  readonly #d: Draw
  readonly #home: PopulationSpec
  readonly #all: readonly PopulationSpec[]
  readonly #claims: readonly ClaimSpec[]
  readonly #messages: readonly MessageSpec[]
  readonly sends = new Set<string>()
  readonly receives = new Set<string>()
  readonly claims = new Set<string>()
  readonly outcomes = new Set<string>()
  readonly spawns = new Set<string>()
  despawns = false
  moves = false

  /** `claims`: those that some engine makes. */
  constructor(
    d: Draw,
    home: PopulationSpec,
    all: readonly PopulationSpec[],
    claims: readonly ClaimSpec[],
    messages: readonly MessageSpec[],
  ) {
    this.#d = d
    this.#home = home
    this.#all = all
    this.#claims = claims
    this.#messages = messages
  }

  #own(): { column: string; k: number } {
    const [column, { size }] = this.#d.hot(Object.entries(this.#home.columns))
    this.used.add(column)
    return { column, k: this.#d.int(0, size - 1) }
  }

  #target(): { target: Target; to: PopulationSpec } {
    const links = Object.entries(this.#home.columns).filter(([, c]) => c.to !== undefined)
    const [column, { kind, size, to }] = this.#d.of(links)
    this.used.add(column)
    const target = { via: kind as 'ref' | 'index', column, k: this.#d.int(0, size - 1) }
    return { target, to: this.#all.find(p => p.name === to) as PopulationSpec }
  }

  #touch(
    into: Record<string, { population: string; columns: string[] }>,
    key: string,
    of: string,
    name?: string,
  ): void {
    into[key] ??= { population: of, columns: [] }
    if (name !== undefined && !into[key].columns.includes(name)) into[key].columns.push(name)
  }

  expression(depth: number): Expression {
    const d = this.#d
    const choice = depth === 0 ? d.int(0, 5) : d.int(0, 9)
    if (choice <= 1) return { is: 'own', ...this.#own() }
    if (choice === 2) return { is: 'number', value: d.int(-1000, 1000) }
    if (choice === 3 && d.yes(1, 2)) return { is: d.of(['elapsed', 'tick', 'id', 'partition'] as const) }
    if (choice === 4 && d.yes(1, 2))
      return { is: 'draw', what: d.of(['float', 'int', 'chance', 'normal', 'exponential', 'u32'] as const) }
    const mine = this.#messages.filter(m => m.to === this.#home.name)
    if (choice === 3 && mine.length > 0) {
      const { name, columns } = d.of(mine)
      this.receives.add(name)
      const what = d.of(['count', 'from', 'mix', 'mix'] as const)
      return { is: 'mail', message: name, what, column: d.of(Object.keys(columns)) }
    }
    const told = this.#claims.filter(c => c.by === this.#home.name || c.on === this.#home.name)
    if (choice === 4 && told.length > 0) {
      const { name, by, on } = d.of(told)
      const sides = [
        ...(by === this.#home.name ? (['won', 'target'] as const) : []),
        ...(on === this.#home.name ? (['winner'] as const) : []),
      ]
      this.outcomes.add(name)
      return { is: d.of(sides), claim: name }
    }
    if (choice === 5) {
      const { target, to } = this.#target()
      const open = Object.entries(to.columns).filter(([, c]) => c.effect)
      const [name, { size }] = d.hot(open.length > 0 && d.yes(1, 3) ? open : Object.entries(to.columns))
      const key = `see ${to.name}`
      this.#touch(this.senses, key, to.name, name)
      return { is: 'sensed', key, column: name, k: d.int(0, size - 1), target }
    }
    const is = d.of(['sum', 'product', 'mix', 'mix'] as const)
    return { is, of: [this.expression(depth - 1), this.expression(depth - 1)] }
  }

  /** A step by which the row deals with others; undefined where there is none to be had. */
  deal(): Step | undefined {
    const d = this.#d
    const sometimes = { when: this.expression(1), of: d.of([1, 2, 3, 5]) }
    const choice = d.int(0, 7)
    if (choice >= 6) {
      const links = Object.entries(this.#home.columns).filter(([, c]) => c.kind === 'ref')
      const [column, { to, size }] = d.of(links)
      const open = this.#messages.filter(m => m.to === to)
      if (open.length === 0) return undefined
      const { name, columns } = d.of(open)
      this.used.add(column)
      this.sends.add(name)
      const values = d.list(0, 2, () => {
        const [field, c] = d.of(Object.entries(columns))
        return { column: field, k: d.int(0, c.size - 1), value: this.expression(1) }
      })
      const target = { via: 'ref', column, k: d.int(0, size - 1) } as const
      return { does: 'send', message: name, to: target, values, ...sometimes }
    }
    if (choice <= 1) {
      const { target, to } = this.#target()
      const open = this.#claims.filter(c => c.by === this.#home.name && c.on === to.name && !this.claims.has(c.name))
      if (open.length === 0) return undefined
      const { name } = d.of(open)
      const key = `claim ${to.name}`
      this.claims.add(name)
      this.#touch(this.senses, key, to.name)
      return {
        does: 'claim',
        claim: name,
        key,
        target,
        ...(d.yes(1, 2) ? { rank: this.expression(1) } : {}),
        ...sometimes,
      }
    }
    if (choice <= 3) {
      const { name, columns } = d.of(this.#all.filter(p => p.shape === 'ordinary'))
      const values = d.list(0, 3, () => {
        const [column, { size }] = d.of(Object.entries(columns))
        return { column, k: d.int(0, size - 1), value: this.expression(1) }
      })
      this.spawns.add(name)
      return {
        does: 'spawn',
        population: name,
        values,
        ...(d.yes(1, 2) ? { partition: this.expression(1) } : {}),
        ...sometimes,
      }
    }
    if (this.#home.shape !== 'ordinary') return undefined
    if (choice === 4) {
      this.despawns = true
      return { does: 'despawn', ...sometimes, of: sometimes.of + 2 }
    }
    this.moves = true
    return { does: 'move', partition: this.expression(1), ...sometimes }
  }

  step(writes: readonly string[]): Step {
    const d = this.#d
    if (d.yes(1, 3)) {
      const dealt = this.deal()
      if (dealt) return dealt
    }
    if (d.yes(2, 5)) {
      const { target, to } = this.#target()
      const open = Object.entries(to.columns).filter(([, c]) => c.effect)
      if (open.length > 0) {
        const [name] = d.of(open)
        const key = `change ${to.name}`
        this.#touch(this.effects, key, to.name, name)
        if (target.via === 'ref') this.#touch(this.senses, `find ${key}`, to.name)
        return { does: 'effect', key, column: name, target, value: this.expression(1) }
      }
    }
    const name = d.of(writes)
    return { does: 'set', column: name, k: d.int(0, this.#home.columns[name].size - 1), value: this.expression(2) }
  }
}

// What may be spent in a period, or in all: requests, tokens, money. What a call may cost is set aside before it, and what
// it did cost is noted after it, because only then it is known.
//
// Invariants: nothing is set aside that would take spent + set aside beyond a limit; a call sets aside all its amounts or none.
// A call that costs more than it set aside is counted in full, so spent itself may go beyond a limit.
import { type Clock, systemClock } from '../core/clock.js'
import { type BudgetOptions, type BudgetState, resolveBudgetOptions, resolveBudgetState } from './budget-options.js'
import { type Cost, resolveAmounts, resolveCost } from './cost.js'
import { resolveElapsed } from './elapsed.js'
import { ServiceError } from './service-error.js'
import { type Listener, Subscribers } from './subscribers.js'

/** An amount at one moment. */
export interface BudgetAmountStatus {
  readonly limit: number
  /** Of this period. */
  readonly spent: number
  /** Set aside for calls that are under way. */
  readonly reserved: number
  /** What may still be spent: 0 at least. */
  readonly left: number
  /** Milliseconds until the next period; Infinity where there are none. */
  readonly resetMs: number
}

/** Amounts by name, and calls since the beginning that were refused. */
export interface BudgetStatus {
  readonly amounts: Readonly<Record<string, BudgetAmountStatus>>
  readonly refused: number
}

/** What is set aside for one call. It is to be settled or released, once; what comes after that does nothing. */
export interface Reservation {
  /** Notes what the call cost: of what it does not name, what was set aside. OPTION_INVALID, OPTION_UNKNOWN. */
  settle(cost?: Cost): void
  /** Notes that it cost nothing. */
  release(): void
}

interface Amount {
  readonly limit: number
  /** Infinity: in all. */
  readonly perMs: number
  since: number
  spent: number
  reserved: number
}

export class Budget {
  readonly #clock: Clock
  readonly #amounts: ReadonlyMap<string, Amount>
  readonly #names: readonly string[]
  readonly #subscribers = new Subscribers<BudgetStatus>('a budget')
  #refused = 0

  /** Nothing is spent. OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options: BudgetOptions, clock: Clock = systemClock) {
    this.#clock = clock
    const since = clock.now()
    this.#amounts = new Map(
      [...resolveBudgetOptions(options)].map(([name, { limit, perMs = Number.POSITIVE_INFINITY }]) => {
        return [name, { limit, perMs, since, spent: 0, reserved: 0 }]
      }),
    )
    this.#names = [...this.#amounts.keys()]
  }

  /** What it has amounts of. */
  get names(): readonly string[] {
    return this.#names
  }

  /**
   * Sets aside what a call may cost. Of an amount that the cost does not name something must be left, for what the call will
   * come to is not known. BUDGET_SPENT, with retryAfterMs where a new period will do; OPTION_INVALID, OPTION_UNKNOWN.
   */
  reserve(cost?: Cost): Reservation {
    const charge = resolveAmounts(cost, this.#names, 'a reservation')
    this.#beginPeriods()
    for (const name of this.#names) this.#refuseBeyond(name, charge.get(name))
    return this.#setAside(charge)
  }

  /** Spends at once what a call has cost. BUDGET_SPENT, OPTION_INVALID, OPTION_UNKNOWN. */
  spend(cost?: Cost): void {
    const charge = resolveCost(cost, this.#names, 'spend')
    this.#beginPeriods()
    for (const [name, part] of charge) this.#refuseBeyond(name, part)
    this.#setAside(charge).settle()
  }

  status(): BudgetStatus {
    this.#beginPeriods()
    const now = this.#clock.now()
    const amounts = [...this.#amounts].map(([name, { limit, perMs, since, spent, reserved }]) => {
      const left = Math.max(0, limit - spent - reserved)
      return [name, { limit, spent, reserved, left, resetMs: since + perMs - now }] as const
    })
    return { amounts: Object.fromEntries(amounts), refused: this.#refused }
  }

  /** Tells a listener whenever something is set aside, spent or refused; gives what takes it away. OPTION_INVALID. */
  subscribe(listener: Listener<BudgetStatus>): () => void {
    return this.#subscribers.add(listener)
  }

  /** What was spent, as plain data. What is set aside counts as spent: a call that is under way may be billed. */
  save(): BudgetState {
    this.#beginPeriods()
    const now = this.#clock.now()
    const amounts = [...this.#amounts].map(([name, { since, spent, reserved }]) => {
      return [name, { spent: spent + reserved, periodAgeMs: now - since }] as const
    })
    return Object.fromEntries(amounts)
  }

  /**
   * Goes on from what was saved; amounts that it does not name stay as they are.
   * @param elapsedMs - milliseconds since it was saved, if any is to be counted. OPTION_INVALID, OPTION_UNKNOWN.
   */
  restore(state: BudgetState, elapsedMs = 0): void {
    const saved = Object.entries(resolveBudgetState(state, this.#names))
    const then = this.#clock.now() - resolveElapsed(elapsedMs)
    for (const [name, { spent, periodAgeMs }] of saved) {
      Object.assign(this.#at(name), { spent, since: then - periodAgeMs })
    }
    this.#tell()
  }

  #at(name: string): Amount {
    return this.#amounts.get(name) as Amount
  }

  #setAside(charge: ReadonlyMap<string, number>): Reservation {
    for (const [name, part] of charge) this.#at(name).reserved += part
    let open = true
    const end = (actual: ReadonlyMap<string, number>) => {
      open = false
      for (const [name, part] of charge) this.#at(name).reserved -= part
      this.#beginPeriods()
      for (const [name, part] of actual) this.#at(name).spent += part
      this.#tell()
    }
    this.#tell()
    return {
      settle: actual => {
        const all = typeof actual === 'number' ? actual : { ...Object.fromEntries(charge), ...actual }
        const known = resolveAmounts(all, this.#names, 'settle')
        if (open) end(known)
      },
      release: () => {
        if (open) end(new Map())
      },
    }
  }

  /** @param part - undefined: it is not known, so something must be left. */
  #refuseBeyond(name: string, part: number | undefined): void {
    const { limit, spent, reserved, since, perMs } = this.#at(name)
    const left = limit - spent - reserved
    if (part === undefined ? left > 0 : part === 0 || part <= left) return
    this.#refused++
    this.#tell()
    const resetMs = Math.ceil(since + perMs - this.#clock.now())
    const again = Number.isFinite(resetMs) && (part ?? 0) <= limit
    const what =
      part === undefined ? `A call does not say what it costs of '${name}'` : `A call costs ${part} of '${name}'`
    throw new ServiceError(
      'BUDGET_SPENT',
      `${what}, of whose ${limit} there are ${Math.max(0, left)} left`,
      again ? `Wait ${resetMs} ms for the next period, or raise the limit.` : 'Make it smaller, or raise the limit.',
      again ? resetMs : undefined,
    )
  }

  /** Forgets what was spent in periods that are over. */
  #beginPeriods(): void {
    const now = this.#clock.now()
    for (const amount of this.#amounts.values()) {
      if (now < amount.since + amount.perMs) continue
      amount.since += Math.floor((now - amount.since) / amount.perMs) * amount.perMs
      amount.spent = 0
    }
  }

  #tell(): void {
    if (this.#subscribers.any) this.#subscribers.tell(this.status())
  }
}

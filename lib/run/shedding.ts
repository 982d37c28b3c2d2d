// The policy of shedding: which engine is to have fewer turns when ticks come late, and which gets turns back when there
// is room again. Pure: it is told times, and tells changes; who journals and applies them is shed-levels.ts.
//   shed  one level of one engine when ticks have come late three times without catching up: the least shed one, and
//         among those the one with the most agents. A level halves an engine's turns.
//   ease  one level of one engine when no tick of a whole second, and of a whole round of turns, came late or took more
//         than EASE_SHARE of its period: the most shed one, and among those the one with the fewest agents. A level back
//         at most doubles the work of a tick, so what is eased is not shed again at once.
import { MAX_SHED_LEVEL } from '../core/limits.js'

/** An engine's new level: 2^level times fewer turns than its weight says. */
export interface ShedChange {
  readonly engine: string
  readonly level: number
}

/** An engine that may be shed. */
export interface Sheddable {
  readonly name: string
  /** Ticks in which each block has one turn, at level 0. */
  readonly round: number
  /** Agents that it steps now. */
  agents(): number
}

/** Late ticks that do not catch up, before an engine is shed: one may be a pause of the garbage collector. */
const LATE_TICKS = 3
/** Share of a period by which a tick makes up for lost time at least, or it does not catch up. */
const CATCH_UP_SHARE = 0.02
/** Share of its period that a tick may take for turns to be given back. */
const EASE_SHARE = 0.4

interface Shed {
  readonly engine: Sheddable
  level: number
}

export class Shedding {
  readonly #engines: readonly Shed[]
  readonly #period: number
  readonly #second: number
  #late = 0
  #lateTicks = 0
  #calmTicks = 0

  /** @param hz - ticks a second. All engines are at level 0. */
  constructor(engines: readonly Sheddable[], hz: number) {
    this.#engines = engines.map(engine => ({ engine, level: 0 }))
    this.#period = 1000 / hz
    this.#second = Math.ceil(hz)
  }

  /** A tick that took `work` ms is done, and the next one begins `late` ms late: what is to change before it? */
  done(work: number, late: number): ShedChange | undefined {
    const catchingUp = late < this.#late - this.#period * CATCH_UP_SHARE
    this.#late = late
    if (late === 0) this.#lateTicks = 0
    else if (!catchingUp) this.#lateTicks++
    if (late > 0 || work > this.#period * EASE_SHARE) this.#calmTicks = 0
    else this.#calmTicks++
    if (this.#lateTicks >= LATE_TICKS) {
      this.#lateTicks = 0
      return this.#shed()
    }
    return this.#calmTicks >= this.#round ? this.#ease() : undefined
  }

  /** Ticks to look at before easing: a second of them, and a whole round of turns. */
  get #round(): number {
    return Math.max(this.#second, ...this.#engines.map(({ engine, level }) => engine.round * 2 ** level))
  }

  #shed(): ShedChange | undefined {
    const open = this.#engines.filter(e => e.level < MAX_SHED_LEVEL && e.engine.agents() > 0)
    const [next] = open.sort((a, b) => a.level - b.level || b.engine.agents() - a.engine.agents())
    return next && change(next, next.level + 1)
  }

  #ease(): ShedChange | undefined {
    this.#calmTicks = 0
    const shed = this.#engines.filter(e => e.level > 0)
    const [next] = shed.sort((a, b) => b.level - a.level || a.engine.agents() - b.engine.agents())
    return next && change(next, next.level - 1)
  }
}

function change(shed: Shed, level: number): ShedChange {
  shed.level = level
  return { engine: shed.engine.name, level }
}

// Counts agent-updates: one is one row passed by one engine. A pure function of the engines and the numbers of agents;
// of an engine of weight w one block in round(1/w) has its turn, so a run of it counts that share of its rows.
import { type AnyEngine, turnModulus } from '../schedule/engine.js'

/** Runs of an engine among the ticks [from, to). */
function runs(engine: { every: number; phase: number }, from: number, to: number): number {
  const first = engine.phase % engine.every
  const before = (tick: number) => Math.max(0, Math.ceil((tick - first) / engine.every))
  return before(to) - before(from)
}

/** Agent-updates of the ticks [from, to) with so many agents in each population. */
export function agentUpdates(
  engines: readonly AnyEngine[],
  agents: Readonly<Record<string, number>>,
  from: number,
  to: number,
): number {
  let updates = 0
  for (const engine of engines) {
    if (engine.kind === 'kernel') updates += (runs(engine, from, to) * agents[engine.population]) / turnModulus(engine)
  }
  return updates
}

/** Adds up agent-updates while a run goes on: exact while no agent is made or dies between two reports. */
export class UpdateMeter {
  #updates = 0
  readonly #engines: readonly AnyEngine[]
  readonly #agents: () => Readonly<Record<string, number>>
  #tick: number

  constructor(engines: readonly AnyEngine[], agents: () => Readonly<Record<string, number>>, tick: number) {
    this.#engines = engines
    this.#agents = agents
    this.#tick = tick
  }

  /** Agent-updates up to `tick`. */
  upTo(tick: number): number {
    if (tick > this.#tick) {
      this.#updates += agentUpdates(this.#engines, this.#agents(), this.#tick, tick)
      this.#tick = tick
    }
    return this.#updates
  }
}

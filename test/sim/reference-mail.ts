// Delivery in the reference: each receiving engine sees a letter once, at its first turn for that agent after the send.
import type { KernelSpec } from '../fixtures/world-spec.js'
import type { Agent, Letter } from './reference-state.js'
import type { ReferenceWorld } from './reference-world.js'

/** Stands among the engines that have seen a letter when its receiver is dead. */
const GONE = ''

/** What waits for agents that have their turn now, and was not seen by this engine; what waits for the dead is gone. */
export function deliver(
  world: ReferenceWorld,
  engine: KernelSpec,
  hasTurn: (agent: Agent) => boolean,
): Map<Agent, Letter[]> {
  const { happened, state, tick } = world
  const inbox = new Map<Agent, Letter[]>()
  for (const letter of state.mail.letters) {
    if (!engine.receives.includes(letter.message) || letter.seen.includes(engine.name)) continue
    const receiver = world.find(engine.population, letter.to)
    if (receiver === undefined && world.sleepsIn(engine.population, letter.to) !== undefined) {
      if (world.message(letter.message).frozen === 'drop') letter.seen.push(GONE)
      happened.note('mail for who sleeps')
    } else if (receiver === undefined) letter.seen.push(GONE)
    else if (hasTurn(receiver)) {
      letter.seen.push(engine.name)
      inbox.set(receiver, [...(inbox.get(receiver) ?? []), letter])
      if (letter.tick < tick) happened.note('mail that waited for a later tick')
      if (letter.sentTo !== undefined && letter.sentTo !== receiver.partition)
        happened.note('mail that followed a move')
      if (Object.values(letter.documents).some(d => d !== undefined)) happened.note('mail with documents')
      if (letter.by !== undefined && !world.find(letter.by, letter.from)) happened.note('mail of the dead')
    }
  }
  return inbox
}

/** A letter that is gone, or that all receiving engines have seen, waits no more. */
export function retire(world: ReferenceWorld, engine: KernelSpec): void {
  const { mail } = world.state
  const receivers = (message: string) =>
    world.spec.engines.filter(e => e.kind === 'kernel' && e.receives.includes(message)).length
  mail.letters = mail.letters.filter(({ message, seen }) => {
    if (!engine.receives.includes(message)) return true
    const gone = seen.includes(GONE)
    if (!gone && seen.length < receivers(message)) return true
    // Dropped is what nobody has seen.
    const what = gone && seen.length === 1 ? 'dropped' : 'delivered'
    mail.counts[message][what]++
    world.happened.note(what)
    return false
  })
}

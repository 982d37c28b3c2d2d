// Agent ids: generation * 2^32 + slot. Slots count from 1 and generations from 0, so ids read 1, 2, 3…; 0 is nobody.

/** A safe integer, stable for life, never another agent's. */
export type AgentId = number

/** Nobody. */
export const NONE = 0

/** The slot of an id: its low 32 bits. */
export function slotOf(id: AgentId): number {
  return id >>> 0
}

/** How often the slot was used before. */
export function generationOf(id: AgentId): number {
  return Math.floor(id / 4294967296)
}

/** The id of a slot in a generation. */
export function idOf(slot: number, generation: number): AgentId {
  return generation * 4294967296 + slot
}

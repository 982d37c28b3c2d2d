// What people remember: rumours, as documents. It is no scenario. Nothing here changes what it is given.
import type { AgentId } from 'populace'

/** What people talk about: that somebody had a child, or moved to town. */
export type Rumour = {
  about: AgentId
  topic: 'child' | 'moved'
  /** The hour in which it came about. */
  since: number
}

/** The last rumours that somebody heard, the newest last. */
export type Memory = { rumours: Rumour[] }

/** Rumours that one remembers at most. */
const REMEMBERED = 12

export function knows(memory: Memory | undefined, { about, topic, since }: Rumour): boolean {
  return memory?.rumours.some(r => r.about === about && r.topic === topic && r.since === since) === true
}

/** A memory with one rumour more; the oldest is forgotten. */
export function remember(memory: Memory | undefined, rumour: Rumour): Memory {
  return { rumours: [...(memory?.rumours ?? []), rumour].slice(-REMEMBERED) }
}

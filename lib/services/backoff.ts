// How long to wait between tries: exponential backoff with jitter (Brooker, "Exponential backoff and jitter", AWS
// Architecture Blog, 2015). Jitter keeps those who failed together from coming back together.

export interface Backoff {
  /** Milliseconds before the second try. */
  readonly initialMs: number
  /** How many times as long each wait is as the one before. */
  readonly factor: number
  /** Milliseconds of a wait at most. */
  readonly maxMs: number
}

/**
 * With w the exponential wait: 'none' waits w; 'full' uniformly from 0 to w; 'equal' from w/2 to w; 'decorrelated' from
 * initialMs to three times the wait before, maxMs at most.
 */
export type Jitter = 'none' | 'full' | 'equal' | 'decorrelated'

/** Milliseconds to wait after try number `attempt`, from 1. @param before - the wait before, 0 at first. @param random - from [0, 1). */
export function backoffMs(backoff: Backoff, jitter: Jitter, attempt: number, before: number, random: () => number) {
  const { initialMs, factor, maxMs } = backoff
  const wait = Math.min(maxMs, initialMs * factor ** (attempt - 1))
  if (jitter === 'none') return wait
  if (jitter === 'full') return random() * wait
  if (jitter === 'equal') return wait / 2 + random() * (wait / 2)
  const least = Math.min(initialMs, maxMs)
  return Math.min(maxMs, least + random() * Math.max(0, 3 * Math.max(before, least) - least))
}

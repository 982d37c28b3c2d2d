// Calls of publish that wait for room in a full bus, first come first served. They are let in within the turn in which room
// comes about, so that nobody who publishes later can get in before them.

/** What a call of publish has given, for as long as it waits. */
export interface Blocked {
  readonly topic: string
  readonly payload: unknown
  readonly priority: number
  readonly calledAt: number
}

interface Waiting {
  readonly blocked: Blocked
  admit(): void
  refuse(error: unknown): void
}

export class BlockedPublishes {
  readonly #waiting = new Set<Waiting>()

  get size(): number {
    return this.#waiting.size
  }

  /** Resolves with true when it is let in. Rejects with what `aborted` gives when the signal says so before. */
  add(blocked: Blocked, signal: AbortSignal | undefined, aborted: () => unknown): Promise<boolean> {
    if (signal?.aborted) return Promise.reject(aborted())
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiting)
        signal?.removeEventListener('abort', abort)
      }
      const abort = () => waiting.refuse(aborted())
      const waiting = {
        blocked,
        admit: () => (leave(), resolve(true)),
        refuse: (error: unknown) => (leave(), reject(error)),
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.add(waiting)
    })
  }

  /** Lets the first one in, if there is one. */
  admit(): Blocked | undefined {
    for (const first of this.#waiting) {
      first.admit()
      return first.blocked
    }
    return undefined
  }

  refuseAll(error: unknown): void {
    for (const each of this.#waiting) each.refuse(error)
  }
}

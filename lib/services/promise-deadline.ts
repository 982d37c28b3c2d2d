// A promise with a deadline.
import type { Clock } from '../core/clock.js'

/**
 * What `work` comes to, or after `ms` what `late` gives, as a rejection. A timer that comes late because this thread was
 * busy finds the answer in the socket: so the event loop turns once more before `late` is asked.
 */
export function withDeadline<T>(work: Promise<T>, ms: number, clock: Clock, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    let waiting = true
    const stop = clock.after(ms, () => {
      setImmediate(() => {
        if (waiting) reject(late())
      })
    })
    const settle = () => {
      waiting = false
      stop()
    }
    work.then(
      value => {
        settle()
        resolve(value)
      },
      error => {
        settle()
        reject(error)
      },
    )
  })
}

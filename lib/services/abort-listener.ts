// Listening to an AbortSignal that many calls share: each takes its listener away when it is over, so a thousand of them are
// a thousand calls and no leak, of which Node would warn.
import { setMaxListeners } from 'node:events'

/** Calls `listener` once when the signal is aborted, unless the function that is returned is called before. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {}
  setMaxListeners(0, signal)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

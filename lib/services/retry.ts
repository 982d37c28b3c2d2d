// Trying again what failed: with backoff and jitter, no sooner than the service says, and not for ever.
import { type Clock, systemClock } from '../core/clock.js'
import { onAbort } from './abort-listener.js'
import { backoffMs } from './backoff.js'
import { type Policy, resolvePolicyCall, untilEnding, type Work } from './deadline.js'
import { retryAfterOf } from './retry-after.js'
import { type ResolvedRetryOptions, type RetryOptions, resolveRetryOptions } from './retry-options.js'
import { ended } from './service-error.js'

/**
 * A policy that tries again: `retry({ attempts: 4 }).execute(({ signal, attempt }) => …)`. When it gives up, the error of the
 * last try comes out as it is. OPTION_UNKNOWN, OPTION_INVALID; `execute`: CALL_TIMEOUT, ABORTED.
 * @param clock - for tests.
 */
export function retry(options?: RetryOptions, clock: Clock = systemClock): Policy {
  const resolved = resolveRetryOptions(options)
  const { totalMs } = resolved
  const limit = totalMs === undefined ? undefined : { name: 'totalMs', ms: totalMs }
  return {
    async execute(work, call) {
      const { signal } = resolvePolicyCall(work, call, 'retry.execute')
      const ending = { what: 'A call with its retries', signal, limit }
      return untilEnding(own => tryAll(work, resolved, own, clock), ending, clock)
    },
  }
}

async function tryAll<T>(work: Work<T>, options: ResolvedRetryOptions, signal: AbortSignal, clock: Clock): Promise<T> {
  const { attempts, backoff, jitter, random, retryIf, maxRetryAfterMs, onRetry } = options
  const last = clock.now() + (options.totalMs ?? Number.POSITIVE_INFINITY)
  let backedOff = 0
  for (let attempt = 1; ; attempt++) {
    try {
      return await work({ signal, attempt })
    } catch (error) {
      if (attempt >= attempts || signal.aborted || !retryIf(error, attempt)) throw error
      const asked = retryAfterOf(error) ?? 0
      if (asked > maxRetryAfterMs) throw error
      backedOff = backoffMs(backoff, jitter, attempt, backedOff, random)
      const delayMs = Math.max(backedOff, asked)
      if (clock.now() + delayMs >= last) throw error
      onRetry?.({ error, attempt, delayMs })
      await pause(delayMs, signal, clock)
    }
  }
}

function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      stopTimer()
      reject(ended('a wait before the next try', signal))
    }
    const stopTimer = clock.after(ms, () => {
      stopListening()
      resolve()
    })
    const stopListening = onAbort(signal, abort)
    // onRetry may have aborted it a moment ago.
    if (signal.aborted) abort()
  })
}

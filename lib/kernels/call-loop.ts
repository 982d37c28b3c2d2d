// The one place from which kernels' loops are called. A loop must stay a function of its own: V8 folds the typed arrays
// of a closure into constants when it compiles that closure, and no longer when it compiles the closure's code into a
// caller (measured: 8 to 15% slower on position += velocity). It does the latter only where a call has met one target,
// so this call is made to meet two before any kernel comes.
import type { Loop } from '../schedule/scope.js'

/** Calls a loop, which is never compiled into the caller. */
export function callLoop(loop: Loop, begin: number, end: number, tick: number): void {
  loop(begin, end, tick)
}

/** Calls enough for V8 to begin to note a call's targets. */
const CALLS = 2000

const one: Loop = (begin, end) => begin + end
const other: Loop = (begin, end) => begin - end
for (let i = 0; i < CALLS; i++) callLoop(i % 2 === 0 ? one : other, 0, 0, 0)

// In checks mode, clocks and unseeded random numbers are refused where code must be deterministic: kernels (a flag, for
// they are synchronous) and setup, main engines and commands (an async context, so that the host's own code and the
// work inside record() stay free). Patches are laid when the first simulation with checks is made in a thread, before
// it imports its scenario, and taken away with the last.
import { AsyncLocalStorage } from 'node:async_hooks'
import { PopulaceError } from '../core/errors.js'

const context = new AsyncLocalStorage<boolean>()
let kernels = 0
let users = 0
let unpatch: (() => void) | undefined

function forbid(what: string): void {
  if (kernels === 0 && context.getStore() !== true) return
  throw new PopulaceError(
    'FORBIDDEN_CALL',
    `${what} was called where code must be deterministic`,
    'Draw from the random that you are given, count ticks, and take what comes from outside through record().',
  )
}

/** Runs a kernel with clocks and random numbers refused. */
export function inKernel<T>(work: () => T): T {
  kernels++
  try {
    return work()
  } finally {
    kernels--
  }
}

/** Runs setup, a main engine or a command with clocks and random numbers refused. */
export function deterministic<T>(work: () => T): T {
  return context.run(true, work)
}

/** Runs the work of record(), where everything is allowed. */
export function free<T>(work: () => T): T {
  return context.run(false, work)
}

type Callable = (...args: unknown[]) => unknown

function patch(target: object, name: string, label: string): () => void {
  const holder = target as Record<string, Callable>
  const original = holder[name]
  const guarded = function (this: unknown, ...args: unknown[]) {
    forbid(label)
    return original.apply(this, args)
  }
  Object.assign(guarded, original) // process.hrtime carries hrtime.bigint
  holder[name] = guarded
  return () => {
    holder[name] = original
  }
}

function patchDate(): () => void {
  const original = globalThis.Date
  const guarded = new Proxy(original, {
    construct(target, args, newTarget) {
      if (args.length === 0) forbid('new Date()')
      return Reflect.construct(target, args, newTarget)
    },
    apply(target, self, args) {
      forbid('Date()')
      return Reflect.apply(target, self, args)
    },
  })
  globalThis.Date = guarded
  return () => {
    globalThis.Date = original
  }
}

/** Lays the patches in this thread; gives what takes them away. */
export function guardThread(): () => void {
  if (users++ === 0) {
    const undo = [
      patch(Math, 'random', 'Math.random'),
      patch(Date, 'now', 'Date.now'),
      patch(performance, 'now', 'performance.now'),
      patch(process.hrtime, 'bigint', 'process.hrtime.bigint'),
      patch(process, 'hrtime', 'process.hrtime'),
      patch(crypto, 'randomUUID', 'crypto.randomUUID'),
      patch(crypto, 'getRandomValues', 'crypto.getRandomValues'),
      patchDate(),
    ]
    unpatch = () => {
      for (const back of undo.reverse()) back()
    }
  }
  let held = true
  return () => {
    if (!held) return
    held = false
    if (--users > 0) return
    unpatch?.()
    unpatch = undefined
  }
}

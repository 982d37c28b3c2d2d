// What passes between a FileStore and its thread: calls with a number, and their results under the same one. Plain data;
// bytes move instead of being copied.
import { type ErrorData, fromErrorData, toErrorData } from '../core/errors.js'
import type { DatabaseOptions } from './file-database.js'
import type { FileKeeper } from './file-keeper.js'

/** What a thread is started with. */
export interface KeeperData extends DatabaseOptions {
  readonly sign: string
}

/** The calls of a keeper by name. */
export type Calls = {
  [K in keyof FileKeeper as FileKeeper[K] extends (...args: never[]) => unknown ? K : never]: FileKeeper[K]
}

export interface Call {
  readonly number: number
  readonly name: keyof Calls
  readonly args: readonly unknown[]
}

export type Answer = { readonly number: number } & (
  | { readonly value: unknown }
  | { readonly error: ErrorData; readonly cause?: ErrorData }
)

/** Bytes among values, one level deep in objects: their memory is handed over. */
export function memoryOf(values: readonly unknown[]): ArrayBuffer[] {
  const bytes: Uint8Array[] = []
  for (const value of values) {
    if (value instanceof Uint8Array) bytes.push(value)
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const inside of Object.values(value)) if (inside instanceof Uint8Array) bytes.push(inside)
    }
  }
  return bytes.map(each => each.buffer as ArrayBuffer) // all are copies made to be given away: never shared memory
}

/** An error with the one behind it, to cross a thread. */
export function errorAnswer(number: number, error: unknown): Answer {
  const cause = error instanceof Error ? error.cause : undefined
  return { number, error: toErrorData(error), ...(cause === undefined ? {} : { cause: toErrorData(cause) }) }
}

/** The error of an answer. */
export function errorOf(data: ErrorData, cause: ErrorData | undefined): Error {
  const error = fromErrorData(data)
  if (cause !== undefined) error.cause = fromErrorData(cause)
  return error
}

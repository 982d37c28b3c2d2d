// What a cache holds, as bytes: keys and patterns are checked here, values packed with msgpack. A value is plain data, so
// that what comes out is what went in whatever the store; it shares no memory with what was packed.
import { Packr } from 'msgpackr'
import { PopulaceError } from '../core/errors.js'
import { plainFault } from '../core/json.js'
import { MAX_CACHE_KEY_LENGTH, MAX_CACHE_VALUE_BYTES, MAX_CACHE_VALUE_DEPTH } from '../core/limits.js'

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

const packr = new Packr({ useRecords: false, variableMapSize: true, copyBuffers: true })

/** The bytes that say "there is nothing"; they unpack to undefined, and no plain data packs to them. */
export const NOTHING: Buffer = packr.pack(undefined)

/** CACHE_KEY_INVALID. @param what - 'key' or 'pattern'. */
export function checkKey(key: unknown, what: 'key' | 'pattern'): asserts key is string {
  if (typeof key === 'string' && key !== '' && key.length <= MAX_CACHE_KEY_LENGTH && !LONE_SURROGATE.test(key)) return
  const shown =
    typeof key === 'string' ? JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key) : `a ${typeof key}`
  throw new PopulaceError(
    'CACHE_KEY_INVALID',
    `The ${what} of a cache is ${shown}`,
    `Give a string of 1 to ${MAX_CACHE_KEY_LENGTH} characters with no half of a surrogate pair.`,
  )
}

/** The bytes of plain data. CACHE_VALUE_INVALID. */
export function packValue(value: unknown, key: string): Buffer {
  const fault = plainFault(value, 'it', MAX_CACHE_VALUE_DEPTH)
  if (fault !== undefined) throw invalid(key, fault)
  const bytes = packr.pack(value)
  if (bytes.length > MAX_CACHE_VALUE_BYTES) throw invalid(key, `it takes ${bytes.length} bytes, which are over 16 MiB`)
  return bytes
}

/** The value of bytes that packValue gave, or undefined of NOTHING. CACHE_FAILED: they are of somebody else. */
export function unpackValue(bytes: Uint8Array, key: string): unknown {
  try {
    // A plain view: of a Buffer msgpackr would make the binary values Buffers too.
    return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch (error) {
    throw new PopulaceError(
      'CACHE_FAILED',
      `What is kept for the key ${JSON.stringify(key)} was saved by no cache`,
      'Give this cache a namespace that nobody else writes.',
      error,
    )
  }
}

function invalid(key: string, fault: string): PopulaceError {
  return new PopulaceError(
    'CACHE_VALUE_INVALID',
    `The value for the key ${JSON.stringify(key)} cannot be cached: ${fault}`,
    'Use null, booleans, numbers, strings, Uint8Arrays, arrays and plain objects.',
  )
}

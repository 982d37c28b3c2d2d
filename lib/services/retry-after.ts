// When a service says that it may be asked again: the header Retry-After (RFC 9110, section 10.2.3), in seconds or as a
// date of HTTP.

interface Headers {
  get(name: string): string | null
}

/** Milliseconds of a Retry-After; undefined: it is none. @param wallMs - the time, as Date.now() gives it. */
export function parseRetryAfter(value: string, wallMs: number = Date.now()): number | undefined {
  const text = value.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Date.parse takes much that is no date of HTTP, such as '-5' or '1.5': all of HTTP's three forms begin with a weekday.
  const at = /^[A-Z][a-z]+,? /.test(text) ? Date.parse(/GMT$/.test(text) ? text : `${text} GMT`) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs)
}

/**
 * Milliseconds after which an error says that it is worth trying again, or undefined: its `retryAfterMs`, or a Retry-After
 * among its `headers` or those of its `response`, be they Headers or a plain object.
 */
export function retryAfterOf(error: unknown, wallMs?: number): number | undefined {
  const { retryAfterMs, headers, response } = Object(error) as {
    retryAfterMs?: unknown
    headers?: unknown
    response?: { headers?: unknown }
  }
  if (typeof retryAfterMs === 'number' && retryAfterMs >= 0) return retryAfterMs
  const value = headerOf(headers) ?? headerOf(response?.headers)
  return value === undefined ? undefined : parseRetryAfter(value, wallMs)
}

function headerOf(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const value =
    typeof (headers as Headers).get === 'function'
      ? (headers as Headers).get('retry-after')
      : Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after')?.[1]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

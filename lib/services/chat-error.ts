// Errors of a server of chat completions, with what the server said of them.
import { type ErrorCode, PopulaceError } from '../core/errors.js'

export class ChatError extends PopulaceError {
  /** The status of HTTP; undefined: the server came to none. */
  declare readonly status?: number
  /** The header Retry-After, where the server sent one: a retry may honour it. */
  declare readonly headers?: { readonly 'retry-after': string }

  constructor(code: ErrorCode, what: string, remedy: string, cause?: unknown, response?: Response) {
    super(code, what, remedy, cause)
    if (!response) return
    this.status = response.status
    const after = response.headers.get('retry-after')
    if (after !== null) this.headers = { 'retry-after': after }
  }
}

// An item or batch that could not be processed.
import { PopulaceError } from '../core/errors.js'

export class BatchError extends PopulaceError {
  /** Of the item, or of the first item of the batch, from 0. */
  readonly index: number

  /** @param what - what could not be done, with the place of the item. */
  constructor(what: string, index: number, cause: unknown) {
    const why = (cause as Error | undefined)?.message ?? String(cause)
    super('BATCH_FAILED', `${what} failed: ${why.replace(/\.$/, '')}`, 'See its cause.', cause)
    this.index = index
  }
}

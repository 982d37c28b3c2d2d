// The rows whose turn it is in one thread: a kernel puts things out in the name of these alone.
import { PopulaceError } from '../core/errors.js'

/** Int32 words: the first row and the row after the last. */
export const TURN = { begin: 0, end: 1, words: 2 } as const

/** A turn as kernels' outputs look at it. */
export type Turn = Int32Array

/** Refuses what is put out for another row. */
export function outOfTurn(what: string, row: number, turn: Turn): never {
  if (turn[TURN.end] === 0)
    throw new PopulaceError(
      'OUTPUT_ROW',
      `A kernel ${what} row ${row} in its factory or in its wake`,
      'Act in the loop: a factory is called before there are rows, and wake changes own rows and nothing else.',
    )
  throw new PopulaceError(
    'OUTPUT_ROW',
    `A kernel ${what} row ${row} while rows ${turn[TURN.begin]} to ${turn[TURN.end] - 1} were stepped`,
    'Act for the row that the loop is at; others are changed by effects, messages and claims.',
  )
}

/** The test that is compiled into each output: `turn` and `outside` are constants there. */
export const IN_TURN = `if (!(row >= turn[${TURN.begin}] && row < turn[${TURN.end}])) outside(row)`

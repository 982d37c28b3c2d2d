// Standard output in the two ways it is used: for text, or for exactly one JSON object or graph. Also the error line.
import { type ErrorCode, PopulaceError } from '../core/errors.js'

/** Codes that say that the command line was wrong, not the run. */
const USAGE_CODES: readonly ErrorCode[] = [
  'USAGE',
  'OPTION_INVALID',
  'OPTION_UNKNOWN',
  'PARAM_INVALID',
  'PARAM_UNKNOWN',
]

type Write = typeof process.stdout.write

/**
 * Keeps standard output for one text: what scenarios print, on workers too, goes to standard error from here on.
 * Gives what prints the text.
 */
export function reserveStdout(): (text: string) => void {
  const write = process.stdout.write.bind(process.stdout)
  const divert = (...args: Parameters<Write>) => {
    process.stderr.write(...args)
    return true // whoever pipes into standard output would wait for its 'drain', which never comes
  }
  process.stdout.write = divert as Write // the overloads of write share one body
  return text => void write(text.endsWith('\n') ? text : `${text}\n`)
}

/** Ends quietly when the reader of standard output goes away, as `head` does. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(process.exitCode ?? 0)
  })
}

/** Whether colours belong on standard output. */
export function coloured(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors()
}

/** Columns of the terminal; 80 where there is none. */
export function terminalWidth(): number {
  return process.stdout.columns ?? 80
}

/** An error in the lines that a user is shown: code, what happened, remedy, and where the cause was thrown. */
export function errorText(error: unknown): string {
  if (!(error instanceof PopulaceError)) return `populace: ${error instanceof Error ? error.stack : String(error)}\n`
  const { cause } = error
  const at = cause instanceof Error && !(cause instanceof PopulaceError) ? /\n( +at .*)/.exec(cause.stack ?? '') : null
  return `populace: ${error.code}: ${error.message}\n${at ? `${at[1]}\n` : ''}`
}

/** 2 for a wrong command line, else 1. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof PopulaceError && USAGE_CODES.includes(error.code) ? 2 : 1
}

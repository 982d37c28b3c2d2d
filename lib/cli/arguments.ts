// A command line, parsed and typed: every flag known, every value there and of its kind. USAGE otherwise.
import { parseArgs } from 'node:util'
import { PopulaceError } from '../core/errors.js'
import { MAX_SEED, MAX_WORKERS } from '../core/limits.js'
import { hint } from '../core/suggest.js'
import { CORES } from '../services/cores.js'
import type { Flag, Usage } from './usage.js'

/** The error of a wrong command line. */
export function wrongUsage(what: string, remedy: string): PopulaceError {
  return new PopulaceError('USAGE', what, remedy)
}

/** A whole number in decimal digits, `_` allowed between them. */
function wholeNumber(text: string): number {
  return /^\d+(_\d+)*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN
}

/** What was given after the name of a command. */
export class Arguments {
  readonly positionals: readonly string[]
  readonly #flags = new Map<string, string[]>()

  /** USAGE: an unknown flag, a value that is missing or too many, a flag that stands twice. */
  constructor(argv: readonly string[], usage: Usage) {
    const known: Readonly<Record<string, Flag>> = usage.flags
    const options = Object.fromEntries(
      Object.entries(known).map(([name, flag]) => [
        name,
        { type: flag.value && !flag.optional ? ('string' as const) : ('boolean' as const) },
      ]),
    )
    const parsed = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
    this.positionals = parsed.positionals
    for (const token of parsed.tokens) {
      if (token.kind !== 'option') continue
      const { name, value, rawName } = token
      const flag = Object.hasOwn(known, name) && rawName.startsWith('--') ? known[name] : undefined
      if (!flag) {
        const names = Object.keys(known).map(n => `--${n}`)
        throw wrongUsage(`There is no flag '${rawName}'`, `Check the spelling; ${hint(rawName, names)}`)
      }
      if (!flag.value && value !== undefined) throw wrongUsage(`--${name} takes no value`, `Write --${name} alone.`)
      if (flag.value && !flag.optional && (value === undefined || (!token.inlineValue && /^--?[a-z]/i.test(value))))
        throw wrongUsage(`--${name} has no value`, `Write --${name} <${flag.value}>.`)
      const values = this.#flags.get(name) ?? []
      if (values.length > 0 && !flag.many) throw wrongUsage(`--${name} stands twice`, 'Give it once.')
      this.#flags.set(name, [...values, value ?? ''])
    }
  }

  /** Whether a flag stands there. */
  has(name: string): boolean {
    return this.#flags.has(name)
  }

  /** The value of a flag. */
  text(name: string): string | undefined {
    return this.#flags.get(name)?.[0]
  }

  /** All values of a flag that may stand several times. */
  texts(name: string): readonly string[] {
    return this.#flags.get(name) ?? []
  }

  /** A whole number from `least` to `most`. USAGE. */
  integer(name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const n = wholeNumber(text)
    if (!(n >= least && n <= most))
      throw wrongUsage(`--${name} is '${text}'`, `Give a whole number from ${least} to ${most}.`)
    return n
  }

  /** The seed. USAGE. */
  get seed(): number {
    return this.integer('seed', 0, MAX_SEED) ?? 0
  }

  /** A number of workers; all cores when none or 'auto' is given. USAGE. */
  get workers(): number {
    if (this.text('workers') === 'auto') return CORES
    return this.integer('workers', 0, MAX_WORKERS) ?? CORES
  }

  /** A list of numbers of workers, each once. USAGE. */
  workerList(fallback: string): number[] {
    const text = this.text('workers') ?? fallback
    const list = text.split(',').map(part => wholeNumber(part.trim()))
    if (!list.every(n => n <= MAX_WORKERS))
      throw wrongUsage(`--workers is '${text}'`, `Give whole numbers up to ${MAX_WORKERS}, such as ${fallback}.`)
    return [...new Set(list)]
  }

  /** The one scenario that is named. USAGE. */
  get scenario(): string {
    const [first, second] = this.positionals
    if (first === undefined)
      throw wrongUsage('No scenario is named', 'Give a module path or a built-in example; see populace --help.')
    if (second !== undefined)
      throw wrongUsage(`'${second}' is one argument too many`, 'Name one scenario; flags begin with --.')
    return first
  }
}

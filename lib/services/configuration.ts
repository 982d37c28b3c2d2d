// The configuration of a host in one place: options, then environment variables, then defaults, for the database, the
// cache, limits and ports. Each section is what the constructor of its component takes. Secrets are in it, and are shown
// neither by console.log nor JSON.stringify nor an error.
import { inspect } from 'node:util'
import { PopulaceError } from '../core/errors.js'
import { lazily } from '../core/lazy-zod.js'
import { check } from '../core/option-check.js'
import { shownRedisAddress } from './cache-address.js'
import { cacheSchema, type RedisCacheOptions, type ResolvedCacheOptions } from './cache-options.js'
import { type ConfigVariable, invalidVariable, readVariables, variablesOf } from './config-variables.js'
import { shownAddress } from './database-address.js'
import { type DatabasePoolOptions, poolSchema, type ResolvedPoolOptions } from './database-options.js'
import { limiterSchema, type ResolvedLimiterOptions, type ResourceLimiterOptions } from './resource-options.js'

/** Where a host listens. */
export interface PortOptions {
  /** The address of all of them: '127.0.0.1' by default, so that nobody else's machine reaches them. */
  readonly host?: string
  /** Of a host's own server: 0 to 65,535, 0 for any that is free. Not given: none. */
  readonly http?: number
  /** Of /metrics, likewise. */
  readonly metrics?: number
}

/** What a host may say of its configuration; all else comes from the environment or has its default. */
export interface ConfigOptions {
  readonly database?: Partial<DatabasePoolOptions>
  readonly redis?: RedisCacheOptions
  readonly limits?: ResourceLimiterOptions
  readonly ports?: PortOptions
}

/** A configuration that is filled in. */
export interface Config {
  /** For DatabasePool; undefined: there is no database. */
  readonly database: ResolvedPoolOptions | undefined
  /** For RedisCache; without a url it is in memory. */
  readonly redis: ResolvedCacheOptions
  /** For ResourceLimiter. */
  readonly limits: ResolvedLimiterOptions
  readonly ports: PortOptions & { readonly host: string }
}

type Sections = Record<string, unknown>

const schema = lazily(z => {
  const port = z.number().int().min(0).max(65_535).optional()
  const ports = z.strictObject({ host: z.string().min(1).max(255).default('127.0.0.1'), http: port, metrics: port })
  return z.strictObject({
    database: poolSchema().optional(),
    redis: cacheSchema(),
    limits: limiterSchema(),
    ports,
  })
})

/** All environment variables that a configuration reads. */
export function configVariables(): readonly ConfigVariable[] {
  return variablesOf(schema())
}

/**
 * The configuration of this process. What an option says goes before its environment variable, and that before the default.
 * OPTION_UNKNOWN, OPTION_INVALID; CONFIG_INVALID names a variable. None shows the value of a URL or variable.
 * @param env - environment variables by name; those of the process by default.
 */
export function loadConfig(
  options: ConfigOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  for (const [name, section] of Object.entries(options)) {
    if (typeof section !== 'string') continue
    throw new PopulaceError('OPTION_INVALID', `Option '${name}' of loadConfig is text`, 'Give an object of options.')
  }
  const said = readVariables(configVariables(), Object.keys(schema().shape), env)
  const { merged, used } = merge(options as Sections, said)
  const { issues = [] } = schema().safeParse(merged).error ?? {}
  const wrong = used.get(issues[0]?.path.join('.'))
  if (wrong !== undefined) throw invalidVariable(wrong, issues[0].message)
  const { database, redis, limits, ports } = check(schema(), merged, 'loadConfig')
  return {
    database:
      database && withoutSecret(database, 'connectionString', shownDatabase, used.get('database.connectionString')),
    redis: withoutSecret(redis, 'url', shownCache, used.get('redis.url')),
    limits,
    ports,
  }
}

const shownDatabase = (text: string) => shownAddress(text)
const shownCache = (text: string) => shownRedisAddress(text, "Option 'redis.url' of loadConfig")

/** Options with what the environment adds, and the names of the variables by the options that they gave. */
function merge(options: Sections, said: ReadonlyMap<ConfigVariable, unknown>) {
  const merged: Sections = { ...options }
  for (const section of ['redis', 'limits', 'ports']) merged[section] ??= {}
  const used = new Map<string, string>()
  for (const [{ name, path }, value] of said) {
    if (place(merged, path, value)) used.set(path.join('.'), name)
  }
  return { merged, used }
}

/** Puts a value where nothing is yet, in copies of what is on the way; gives whether it has. What is no object stays. */
function place(at: Sections, [key, ...rest]: readonly string[], value: unknown): boolean {
  if (rest.length === 0) {
    if (at[key] !== undefined) return false
    at[key] = value
    return true
  }
  const inner = at[key] ?? {}
  if (typeof inner !== 'object') return false
  const copy = (at[key] = { ...inner }) as Sections
  return place(copy, rest, value)
}

/** Options that show themselves without their secret. */
class Discreet {
  readonly #shown: object

  constructor(values: object, shown: object) {
    Object.assign(this, values)
    this.#shown = shown
  }

  toJSON(): object {
    return this.#shown
  }

  toString(): string {
    return JSON.stringify(this.#shown)
  }

  [inspect.custom](): object {
    return this.#shown
  }
}

/** @param variable - that gave the secret, if one did. OPTION_INVALID, CONFIG_INVALID: the secret is no address. */
function withoutSecret<T extends object, Key extends keyof T>(
  values: T,
  key: Key,
  show: (text: string) => string,
  variable: string | undefined,
): T {
  const text = values[key] as string | undefined
  if (text === undefined) return values
  let shown: string
  try {
    shown = show(text)
  } catch (error) {
    throw variable === undefined ? error : invalidVariable(variable, 'it is no address of such a server')
  }
  return new Discreet(values, { ...values, [key]: shown }) as object as T // it has all of their fields
}

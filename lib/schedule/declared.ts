// What a kernel engine declares of its dealings with others, checked where it is written.
import { type ErrorCode, PopulaceError } from '../core/errors.js'
import { MAX_RECEIVERS } from '../core/limits.js'
import { type AskData, askData } from '../memory/ask.js'
import { type ClaimData, claimData } from '../memory/claim.js'
import { type AnyPopulation, populationData } from '../memory/population.js'
import { type EventData, eventData, type MessageData, messageData } from '../memory/record.js'

/** Declarations by the key that the kernel knows them by. */
export type Declared<T> = ReadonlyMap<string, T>

function refuse(code: ErrorCode, engine: string, what: string, remedy: string): never {
  throw new PopulaceError(code, `Engine '${engine}' ${what}`, remedy)
}

function each<T>(given: unknown, take: (value: unknown, key: string) => T): Declared<T> {
  return new Map(Object.entries(given ?? {}).map(([key, value]) => [key, take(value, key)]))
}

/** Claims that the engine makes: by its own population. CLAIM_INVALID. */
export function declaredClaims(engine: string, population: string, given: unknown): Declared<ClaimData> {
  return each(given, (value, key) => {
    const claim = claimData(value, `claims.${key} of engine '${engine}'`)
    if (claim.by !== population)
      refuse(
        'CLAIM_INVALID',
        engine,
        `claims '${claim.name}', which '${claim.by}' claim and '${population}' do not`,
        'Let an engine of that population claim it.',
      )
    return claim
  })
}

/** Claims whose outcome the engine reads: by or on its own population. CLAIM_INVALID. */
export function declaredOutcomes(engine: string, population: string, given: unknown): Declared<ClaimData> {
  return each(given, (value, key) => {
    const claim = claimData(value, `outcomes.${key} of engine '${engine}'`)
    if (claim.by !== population && claim.on !== population)
      refuse(
        'CLAIM_INVALID',
        engine,
        `reads the outcome of '${claim.name}', which is between '${claim.by}' and '${claim.on}', not '${population}'`,
        'Read it in an engine of one of those.',
      )
    return claim
  })
}

/** Names of the populations that the engine's agents give birth to. POPULATION_UNKNOWN, PERMANENT. */
export function declaredSpawns(engine: string, given: unknown): Declared<string> {
  return each(given, (value, key) => {
    const data = populationData(value as AnyPopulation, `spawns.${key} of engine '${engine}'`)
    if (data.permanent)
      refuse(
        'PERMANENT',
        engine,
        `spawns '${data.name}', which is permanent`,
        'Make its agents in setup, or leave permanent off.',
      )
    return data.name
  })
}

/** Messages that the engine sends. MESSAGE_INVALID. */
export function declaredSends(engine: string, given: unknown): Declared<MessageData> {
  return each(given, (value, key) => messageData(value, `sends.${key} of engine '${engine}'`))
}

/** Messages that the engine receives: those to its own population. MESSAGE_INVALID. */
export function declaredReceives(engine: string, population: string, given: unknown): Declared<MessageData> {
  return each(given, (value, key) => {
    const message = messageData(value, `receives.${key} of engine '${engine}'`)
    if (message.to !== population)
      refuse(
        'MESSAGE_INVALID',
        engine,
        `receives '${message.name}', which goes to '${message.to}' and not to '${population}'`,
        'Receive it in an engine of that population.',
      )
    return message
  })
}

/** Events that the engine emits. EVENT_INVALID. */
export function declaredEmits(engine: string, given: unknown): Declared<EventData> {
  return each(given, (value, key) => eventData(value, `emits.${key} of engine '${engine}'`))
}

/** Asks that the engine puts or hears: those by its own population. ASK_INVALID. */
export function declaredAsks(
  engine: string,
  population: string,
  what: 'asks' | 'hears',
  given: unknown,
): Declared<AskData> {
  return each(given, (value, key) => {
    const ask = askData(value, `${what}.${key} of engine '${engine}'`)
    if (ask.by !== population)
      refuse(
        'ASK_INVALID',
        engine,
        `${what} '${ask.name}', which agents of '${ask.by}' ask and not those of '${population}'`,
        'Ask and hear in engines of that population.',
      )
    return ask
  })
}

/** The engines' part of what `joinDeclared` looks at. */
interface Dealing {
  readonly name: string
  readonly claims: Declared<ClaimData>
  readonly outcomes: Declared<ClaimData>
  readonly sends: Declared<MessageData>
  readonly receives: Declared<MessageData>
  readonly emits: Declared<EventData>
  readonly asks: Declared<AskData>
  readonly hears: Declared<AskData>
}

/** All claims, messages, events and asks of a scenario, each by its name. */
export interface Dealings {
  readonly claims: ReadonlyMap<string, ClaimData>
  readonly messages: ReadonlyMap<string, MessageData>
  readonly events: ReadonlyMap<string, EventData>
  readonly asks: ReadonlyMap<string, AskData>
}

function join<T extends { readonly name: string }>(
  kind: string,
  all: readonly T[],
  same: (a: T) => unknown,
): Map<string, T> {
  const found = new Map<string, T>()
  for (const one of all) {
    const other = found.get(one.name)
    if (other && JSON.stringify(same(other)) !== JSON.stringify(same(one)))
      throw new PopulaceError('DUPLICATE_NAME', `Two ${kind} are named '${one.name}'`, 'Rename one.')
    found.set(one.name, other ?? one)
  }
  return found
}

/** Gathers what all engines declare. DUPLICATE_NAME, CLAIM_INVALID, MESSAGE_INVALID, ASK_INVALID. */
export function joinDealings(engines: readonly Dealing[]): Dealings {
  const claimed = new Set(engines.flatMap(e => [...e.claims.values()].map(c => c.name)))
  for (const { name, outcomes } of engines)
    for (const claim of outcomes.values())
      if (!claimed.has(claim.name))
        refuse(
          'CLAIM_INVALID',
          name,
          `reads the outcome of '${claim.name}', which no engine claims`,
          'Claim it in one.',
        )
  const messages = join(
    'messages',
    engines.flatMap(e => [...e.sends.values(), ...e.receives.values()]),
    m => [m.to, [...m.columns], m.capacity, m.frozen],
  )
  const asks = join(
    'asks',
    engines.flatMap(e => [...e.asks.values(), ...e.hears.values()]),
    ({ service, by, timeoutTicks, pending, latency }) => [service, by, timeoutTicks, pending, latency],
  )
  for (const { name } of messages.values())
    checkReceivers(
      'MESSAGE_INVALID',
      `Message '${name}'`,
      'receive',
      receiversOf(engines, e => e.receives, name),
    )
  for (const { name } of asks.values())
    checkReceivers(
      'ASK_INVALID',
      `Ask '${name}'`,
      'hear',
      receiversOf(engines, e => e.hears, name),
    )
  const claims = engines.flatMap(e => [...e.claims.values(), ...e.outcomes.values()])
  return {
    claims: join('claims', claims, c => [c.by, c.on]),
    messages,
    events: join(
      'events',
      engines.flatMap(e => [...e.emits.values()]),
      e => [...e.columns],
    ),
    asks,
  }
}

function receiversOf(engines: readonly Dealing[], declared: (e: Dealing) => Declared<{ name: string }>, name: string) {
  return engines.filter(e => [...declared(e).values()].some(t => t.name === name)).length
}

/** Refuses what nobody takes in, and what more engines do than a mask has bits. */
function checkReceivers(code: ErrorCode, what: string, verb: 'receive' | 'hear', receivers: number): void {
  const done = verb === 'hear' ? 'heard' : 'received'
  if (receivers === 0)
    throw new PopulaceError(
      code,
      `${what} is ${done} by no engine`,
      `Let an engine of its population ${verb} it: what nobody takes in would wait for ever.`,
    )
  if (receivers > MAX_RECEIVERS)
    throw new PopulaceError(
      code,
      `${what} is ${done} by ${receivers} engines`,
      `At most ${MAX_RECEIVERS} can: declare a second one.`,
    )
}

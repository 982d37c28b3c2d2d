// The exchange of a world, in one thread: everything through which kernels deal with one another. Made once; each part
// says itself who may write what when.
import type { AskBox } from '../memory/ask-box.js'
import type { ClaimData } from '../memory/claim.js'
import type { Mailbox } from '../memory/mailbox.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { MessageData } from '../memory/record.js'
import { StagedDocuments } from '../memory/staged-documents.js'
import type { WorldMemory } from '../memory/world.js'
import type { Declared } from '../schedule/declared.js'
import { type KernelEngine, skipsTurns } from '../schedule/engine.js'
import { Asking } from './asks.js'
import { Births } from './births.js'
import { ClaimBoard } from './claims.js'
import { EffectColumn } from './effects.js'
import { Emits } from './emits.js'
import { Fates } from './fates.js'
import { Inbox, Post } from './mail.js'
import { askStream, birthStream, EVENT_ORDER, eventStream, mailStream } from './needs.js'
import { openStreams, type Stream } from './streams.js'
import type { PlannedView } from './view-plan.js'
import { Views } from './views.js'

/** What an exchange is made from. */
export interface ExchangeOptions {
  readonly memory: WorldMemory
  /** The staging memories of all threads. */
  readonly staging: readonly ArrayBufferLike[]
  readonly threads: number
  readonly claims: Iterable<ClaimData>
  readonly messages: ReadonlyMap<string, MessageData>
  readonly kernels: readonly KernelEngine[]
  /** As the memory's layout has them. */
  readonly views: readonly PlannedView[]
}

export class Exchange {
  /** By 'population.column'. */
  readonly effects: ReadonlyMap<string, EffectColumn>
  /** By name. */
  readonly claims: ReadonlyMap<string, ClaimBoard>
  /** By message: what is sent. */
  readonly posts: ReadonlyMap<string, Post>
  /** By engine, then by the key under which it receives. */
  readonly inboxes: ReadonlyMap<string, ReadonlyMap<string, Inbox>>
  /** By ask: what is asked. */
  readonly asks: ReadonlyMap<string, Asking>
  /** By engine, then by the key under which it hears. */
  readonly heard: ReadonlyMap<string, ReadonlyMap<string, Inbox>>
  /** Undefined: nothing is emitted. */
  readonly emits: Emits | undefined
  /** By population. */
  readonly births: ReadonlyMap<string, Births>
  /** By population. */
  readonly fates: ReadonlyMap<string, Fates>
  readonly views: Views
  readonly #streams: ReadonlyMap<string, Stream>
  readonly #staging: readonly ArrayBufferLike[]

  constructor({ memory, staging, threads, claims, messages, kernels, views }: ExchangeOptions) {
    this.#staging = staging
    this.#streams = openStreams(memory.buffer, staging, memory.layout)
    this.effects = effectColumns(memory, threads)
    this.views = new Views(views, memory)
    const board = (c: ClaimData) => new ClaimBoard(c, memory.population(c.by), memory.population(c.on), threads)
    this.claims = new Map([...claims].map(c => [c.name, board(c)]))
    this.posts = new Map(
      [...memory.mail].flatMap(([name, mailbox]) => {
        const stream = this.#streams.get(mailStream(name))
        const message = messages.get(name)
        return stream && message ? [[name, new Post(mailbox, stream, message, memory)] as const] : []
      }),
    )
    this.emits = this.#emits(memory)
    this.inboxes = inboxesBy(
      kernels,
      e => e.receives,
      ({ name, to, frozen }, receivers, bit, skips) => {
        const mailbox = memory.mail.get(name) as Mailbox // one is planned for every message
        return new Inbox(memory.buffer, mailbox, memory.population(to), receivers, bit, skips, frozen)
      },
    )
    this.asks = new Map(
      [...memory.asks].flatMap(([name, box]) => {
        const stream = this.#streams.get(askStream(name))
        return stream ? [[name, new Asking(box, stream)] as const] : []
      }),
    )
    this.heard = inboxesBy(
      kernels,
      e => e.hears,
      ({ name, by }, receivers, bit, skips) => {
        const { mailbox, status } = memory.asks.get(name) as AskBox // one is planned for every ask
        return new Inbox(memory.buffer, mailbox, memory.population(by), receivers, bit, skips, 'hold', status)
      },
    )
    this.births = new Map(
      memory.populations.flatMap(population => {
        const { name } = population.layout
        const stream = this.#streams.get(birthStream(name))
        return stream ? [[name, new Births(memory, population, stream)] as const] : []
      }),
    )
    this.fates = new Map(
      memory.populations.flatMap(population => {
        const { name } = population.layout
        const own = kernels.filter(e => e.population === name)
        const fateful = { deaths: own.some(e => e.despawns), moves: own.some(e => e.moves) }
        const any = fateful.deaths || fateful.moves
        return any ? [[name, new Fates(memory, population, fateful)] as const] : []
      }),
    )
  }

  /** The inboxes of an engine, of messages and of asks, each once. */
  inboxesOf({ name }: KernelEngine): Inbox[] {
    return [...new Set([...(this.inboxes.get(name)?.values() ?? []), ...(this.heard.get(name)?.values() ?? [])])]
  }

  #emits(memory: WorldMemory): Emits | undefined {
    const order = this.#streams.get(EVENT_ORDER)
    if (!order) return undefined
    const names = memory.events.kinds.map(k => k.data.name)
    const streams = names.flatMap(name => {
      const stream = this.#streams.get(eventStream(name))
      return stream ? [[name, stream] as const] : []
    })
    const at = memory.layout.events.staged
    const documents = at === 0 ? undefined : this.#staging.map(m => new StagedDocuments(m, at))
    return new Emits(memory.events, order, new Map(streams), documents)
  }
}

type Inboxes = Exchange['inboxes']

/** The inboxes of all engines: one for each thing that one takes in, under however many keys, for it is taken in once. */
function inboxesBy<T extends { readonly name: string }>(
  kernels: readonly KernelEngine[],
  declared: (engine: KernelEngine) => Declared<T>,
  make: (thing: T, receivers: number, bit: number, skips: boolean) => Inbox,
): Inboxes {
  const receiving = (name: string) => kernels.filter(e => [...declared(e).values()].some(t => t.name === name))
  return new Map(
    kernels.map(engine => {
      const own = new Map([...declared(engine).values()].map(t => [t.name, t]))
      const made = new Map(
        [...own].map(([name, thing]) => {
          const receivers = receiving(name)
          return [name, make(thing, receivers.length, receivers.indexOf(engine), skipsTurns(engine))]
        }),
      )
      return [engine.name, new Map([...declared(engine)].map(([key, t]) => [key, made.get(t.name) as Inbox]))] // made for each
    }),
  )
}

function effectColumns(memory: WorldMemory, threads: number): ReadonlyMap<string, EffectColumn> {
  const of = (population: PopulationMemory) =>
    population.layout.columns
      .filter(column => column.effect)
      .map(({ name }) => {
        const column = new EffectColumn(population, name, threads)
        return [`${population.layout.name}.${name}`, column] as const
      })
  return new Map(memory.populations.flatMap(of))
}

// What one engine's kernel puts out in one thread: the parts of its scope through which it deals with others, and what
// has to happen around its blocks for them.
import { PopulaceError } from '../core/errors.js'
import { high, low, PURPOSE, streamBase, threefry } from '../core/threefry.js'
import { makeAgentRandom } from '../kernels/agent-random.js'
import { documentWords } from '../kernels/hash.js'
import { type DocumentStore, ScratchDocuments } from '../memory/documents.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { KernelEngine } from '../schedule/engine.js'
import type { Claimer } from '../schedule/scope.js'
import type { Asker } from './asks.js'
import type { AddEffect } from './effects.js'
import type { Emitter } from './emits.js'
import type { Exchange } from './exchange.js'
import { Staging, type Stream } from './streams.js'
import { TURN, type Turn } from './turn.js'

/** What checks mode is told of everything that is put out: what it is, and the numbers that it consists of. */
export type Note = (what: string, numbers: readonly number[]) => void

/** How checks mode has outputs made. */
export interface OutputOptions {
  readonly note?: Note
  /** Nothing comes of what is put out: it is only told. */
  readonly discard?: boolean
}

/** A stream that the engine puts records into. */
interface Used {
  readonly stream: Stream
  readonly staging: Staging
  /** What checks mode calls its records. */
  readonly what: string
  /** Where the documents in them go. */
  readonly documents: DocumentStore | undefined
}

/** The parts of a scope. */
export interface OutputScope {
  readonly effect: Record<string, Record<string, AddEffect>>
  readonly claim: Record<string, Claimer>
  readonly outcome: Record<string, object>
  readonly spawn: Record<string, object>
  readonly send: Record<string, object>
  readonly emit: Record<string, Emitter>
  readonly ask: Record<string, Asker>
  readonly despawn: ((row: number) => void) | undefined
  readonly move: ((row: number, partition: number) => void) | undefined
}

export class Outputs {
  readonly scope: OutputScope
  readonly #engine: KernelEngine
  readonly #exchange: Exchange
  readonly #population: PopulationMemory
  readonly #thread: number
  readonly #o: OutputOptions
  readonly #turn: Turn = new Int32Array(TURN.words)
  readonly #used: Used[] = []
  readonly #weighers: readonly ((frame: number) => void)[]
  readonly #ranks
  readonly #rankBase: Int32Array
  readonly #key = new Int32Array(2)
  readonly #firsts: Int32Array
  /** Documents of which nothing comes. */
  readonly #discarded = new ScratchDocuments()
  /** Records begun and not told yet, in checks mode: the next one of the stream, or the end of the turn, closes them. */
  readonly #open = new Map<Used, { row: number; at: number }>()

  constructor(
    engine: KernelEngine,
    exchange: Exchange,
    population: PopulationMemory,
    thread: number,
    seed: number,
    o: OutputOptions = {},
  ) {
    this.#engine = engine
    this.#exchange = exchange
    this.#population = population
    this.#thread = thread
    this.#o = o
    this.#ranks = makeAgentRandom(population.id)
    this.#rankBase = streamBase(seed, engine.name, PURPOSE.claimRank)
    this.scope = {
      effect: this.#effects(),
      claim: this.#claims(),
      outcome: this.#outcomes(),
      spawn: this.#spawns(),
      send: this.#sends(),
      emit: this.#emits(),
      ask: this.#asks(),
      despawn: engine.despawns ? this.#despawner() : undefined,
      move: engine.moves ? this.#mover() : undefined,
    }
    this.#firsts = new Int32Array(this.#used.length)
    this.#weighers = o.discard ? [] : this.#makeWeighers()
  }

  /** Whether anything has to happen around blocks. */
  get idle(): boolean {
    const { claims, despawns, moves } = this.#engine
    return this.#used.length === 0 && claims.size === 0 && !despawns && !moves
  }

  /** When the factory has given its loop, by one thread of many: nothing may have come of it. EFFECT_INVALID. */
  checkFactory(): void {
    this.#checkNoEffects('the kernel factory', 'a factory is called once by each thread, however many there are')
  }

  /** When the thread has woken its last block: nothing may have come of it. EFFECT_INVALID. */
  checkWake(): void {
    this.#checkNoEffects('the wake', 'wake changes own rows, and nothing else')
  }

  #checkNoEffects(who: string, why: string): void {
    for (const { population, columns } of this.#engine.effects.values()) {
      for (const column of columns) {
        if (!this.#exchange.effects.get(`${population}.${column}`)?.pending(this.#thread)) continue
        throw new PopulaceError(
          'EFFECT_INVALID',
          `Column '${population}.${column}' is sent an effect by ${who} of engine '${this.#engine.name}'`,
          `Call it in the loop: ${why}.`,
        )
      }
    }
  }

  /** Before the thread's first block of a tick. */
  beginTick(tick: number): void {
    for (const { staging } of this.#used) staging.clear()
    if (!this.#o.discard && this.#engine.emits.size > 0) this.#exchange.emits?.documents?.[this.#thread].clear()
    if (this.#engine.claims.size === 0) return
    threefry(this.#rankBase[0], this.#rankBase[1], low(tick), high(tick), this.#key, 0)
    this.#ranks.setKey(this.#key)
  }

  /** Rows [begin, end) have their turn. */
  turnTo(begin: number, end: number): void {
    this.#turn[TURN.begin] = begin
    this.#turn[TURN.end] = end
  }

  /** Before a block. */
  beginBlock(begin: number, end: number): void {
    this.turnTo(begin, end)
    this.#ranks.reset()
    for (let i = 0; i < this.#used.length; i++) this.#firsts[i] = this.#used[i].staging.begin()
  }

  /** After a block, of this frame. */
  endBlock(frame: number): void {
    for (let i = 0; i < this.#used.length; i++) this.#used[i].stream.note(frame, this.#thread, this.#firsts[i])
    for (let i = 0; i < this.#weighers.length; i++) this.#weighers[i](frame) // while the claims are in the first cache
  }

  /** Tells what is still open: after a turn, in checks mode. */
  endTurn(): void {
    for (const used of this.#used) this.#close(used)
    this.#discarded.clear()
    this.#ranks.reset()
  }

  #told(what: string): ((...numbers: number[]) => void) | undefined {
    const { note } = this.#o
    return note && ((...numbers) => note(what, numbers))
  }

  #effects(): Record<string, Record<string, AddEffect>> {
    const out: Record<string, Record<string, AddEffect>> = {}
    for (const [key, { population, columns }] of this.#engine.effects) {
      out[key] = {}
      for (const column of columns) {
        const name = `${population}.${column}`
        const guard = this.#told(`its effects on '${name}'`)
        const add = this.#exchange.effects.get(name)?.adder(this.#thread, guard)
        out[key][column] = (this.#o.discard ? guard : add) as AddEffect // one is made for every effect of the plan
      }
    }
    return out
  }

  #claims(): Record<string, Claimer> {
    const out: Record<string, Claimer> = {}
    for (const [key, { name }] of this.#engine.claims) {
      const board = this.#exchange.claims.get(name)
      if (!board) continue
      out[key] = board.claimer(this.#turn, this.#ranks, this.#told(`its claims '${name}'`), this.#o.discard === true)
    }
    return out
  }

  /** One a claim, under however many keys the engine makes it. */
  #makeWeighers(): ((frame: number) => void)[] {
    const names = new Set([...this.#engine.claims.values()].map(c => c.name))
    return [...names].flatMap(name => this.#exchange.claims.get(name)?.weigher(this.#thread) ?? [])
  }

  #outcomes(): Record<string, object> {
    const out: Record<string, object> = {}
    for (const [key, { name }] of this.#engine.outcomes) {
      const board = this.#exchange.claims.get(name)
      if (board) out[key] = board.outcome(this.#engine.population)
    }
    return out
  }

  #spawns(): Record<string, object> {
    const out: Record<string, object> = {}
    for (const [key, name] of this.#engine.spawns) {
      const births = this.#exchange.births.get(name)
      if (!births) continue
      const used = this.#use(births.stream, `its births in '${name}'`, births.documents)
      out[key] = births.draft(used.staging, this.#population, this.#turn, this.#opened(used), used.documents)
    }
    return out
  }

  #sends(): Record<string, object> {
    const out: Record<string, object> = {}
    for (const [key, { name }] of this.#engine.sends) {
      const post = this.#exchange.posts.get(name)
      if (!post) continue
      const used = this.#use(post.stream, `its messages '${name}'`, post.mailbox.heap)
      out[key] = post.draft(used.staging, this.#population, this.#turn, this.#opened(used), used.documents)
    }
    return out
  }

  #emits(): Record<string, Emitter> {
    const out: Record<string, Emitter> = {}
    const { emits } = this.#exchange
    for (const [key, { name }] of this.#engine.emits) {
      const stream = emits?.streams.get(name)
      if (!emits || !stream) continue
      const used = this.#use(stream, `its events '${name}'`, emits.documents?.[this.#thread])
      const order = this.#use(emits.order, 'its events')
      const began = this.#opened(used)
      out[key] = emits.emitter(name, used.staging, order.staging, this.#population, this.#turn, began, used.documents)
    }
    return out
  }

  #asks(): Record<string, Asker> {
    const out: Record<string, Asker> = {}
    for (const [key, { name }] of this.#engine.asks) {
      const asking = this.#exchange.asks.get(name)
      if (!asking) continue
      const used = this.#use(asking.stream, `its asks '${name}'`, asking.box.heap)
      out[key] = asking.asker(used.staging, this.#population, this.#turn, this.#opened(used), used.documents)
    }
    return out
  }

  #despawner(): (row: number) => void {
    const told = this.#told('its deaths')
    const despawn = this.#exchange.fates.get(this.#engine.population)?.despawner(this.#turn)
    return this.#both(told, despawn as (row: number) => void) // made for every population whose agents die
  }

  #mover(): (row: number, partition: number) => void {
    const told = this.#told('its moves')
    const move = this.#exchange.fates.get(this.#engine.population)?.mover(this.#turn)
    return this.#both(told, move as (row: number, partition: number) => void) // as above
  }

  #both<F extends (...numbers: number[]) => void>(told: ((...numbers: number[]) => void) | undefined, act: F): F {
    if (!told) return act
    if (this.#o.discard) return told as F
    return ((...numbers: number[]) => {
      told(...numbers)
      act(...numbers)
    }) as F
  }

  /** One staging a stream, however many keys of the engine draft into it. */
  #use(stream: Stream, what: string, documents?: DocumentStore): Used {
    const known = this.#used.find(u => u.stream === stream)
    if (known) return known
    const staging = this.#o.discard ? Staging.nowhere(stream.layout) : stream.stagings[this.#thread]
    const used = { stream, staging, what, documents: documents && this.#o.discard ? this.#discarded : documents }
    this.#used.push(used)
    return used
  }

  #opened(used: Used): ((row: number, at: number) => void) | undefined {
    if (!this.#o.note) return undefined
    return (row, at) => {
      this.#close(used)
      this.#open.set(used, { row, at })
    }
  }

  /** Tells a record, which is whole by now. */
  #close(used: Used): void {
    const open = this.#open.get(used)
    if (!open) return
    this.#open.delete(used)
    const numbers = [open.row]
    for (const [name, array] of used.staging.arrays) {
      const { size = 1, doc = false } = used.stream.layout.columns.get(name) ?? {}
      if (doc && used.documents) {
        // What it says, not where it lies.
        const words = array as Uint32Array
        numbers.push(...documentWords(used.documents.bytes, words[open.at * 2], words[open.at * 2 + 1]))
        continue
      }
      for (let k = 0; k < size; k++) numbers.push(array[open.at * size + k])
    }
    this.#o.note?.(used.what, numbers)
  }
}

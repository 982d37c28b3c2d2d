// One of many callers of a cache, with keys of its own, of which it remembers what lies in them: so it knows every answer
// beforehand, whatever others do meanwhile. What is computed is shared by all callers.
import { isDeepStrictEqual } from 'node:util'
import { makeSequence, type Sequence } from '../../lib/core/sequence.js'
import type { RedisCache } from '../../lib/index.js'
import { Latencies } from '../../lib/services/latencies.js'
import { nextTurn } from './harness.js'

/** Of a thousand calls so many are loads, saves and removals; all others ask for what is computed. */
const LOADS = 500
const SAVES = 350
const REMOVALS = 70
/** Calls that ask for one computed key, before another one's turn comes. */
const ASKED = 100
/** Calls after which the event loop turns: in memory nothing else would let it. */
const CALLS_PER_TURN = 50

/** How long calls took, by kind. */
class CallLatencies {
  all = CallLatencies.#none()

  get save(): Latencies {
    return this.all.save
  }

  reset(): void {
    this.all = CallLatencies.#none()
  }

  static #none() {
    return {
      load: new Latencies(),
      save: new Latencies(),
      remove: new Latencies(),
      getOrCompute: new Latencies(),
      invalidatePattern: new Latencies(),
    }
  }
}

/** What all callers have in common. */
export class SharedKeys {
  readonly latencies = new CallLatencies()
  /** Computations that began, and answers that were not what they give. */
  computations = 0
  wrong = 0
  #asked = 0

  /** Keys that were asked for. */
  get keys(): number {
    return Math.ceil(this.#asked / ASKED)
  }

  async ask(cache: RedisCache): Promise<void> {
    const city = Math.floor(this.#asked++ / ASKED)
    const compute = () => {
      this.computations++
      return { city }
    }
    const found = await cache.getOrCompute(`city:${city}`, compute)
    if (found.city !== city) this.wrong++
  }
}

export class CacheCaller {
  /** Answers that were not what they had to be; loads that had to find nothing. */
  wrong = 0
  absent = 0
  readonly #cache: RedisCache
  readonly #prefix: string
  readonly #random: Sequence
  readonly #shared: SharedKeys
  /** Of what lies under each key: 0 where nothing does. */
  readonly #versions: Int32Array

  constructor(cache: RedisCache, number: number, keys: number, shared: SharedKeys) {
    this.#cache = cache
    this.#prefix = `npc:${number}:`
    this.#random = makeSequence(Int32Array.of(number, 7))
    this.#shared = shared
    this.#versions = new Int32Array(keys)
  }

  /** Keys under which something lies. */
  get kept(): number {
    return this.#versions.reduce((count, version) => count + (version > 0 ? 1 : 0), 0)
  }

  async fill(): Promise<void> {
    for (let i = 0; i < this.#versions.length; i++) {
      await this.#timed('save', () => this.#save(i))
      if (i % CALLS_PER_TURN === 0) await nextTurn()
    }
  }

  /** Calls one after another, at random, until it is told to stop. */
  async act(invalidates: boolean, over: () => boolean): Promise<void> {
    if (invalidates) await this.#timed('invalidatePattern', () => this.#invalidate(this.#random.int(10)))
    do {
      for (let call = 0; call < CALLS_PER_TURN; call++) await this.#call()
      await nextTurn()
    } while (!over())
  }

  #call(): Promise<void> {
    const kind = this.#random.int(1000)
    const i = this.#random.int(this.#versions.length)
    if (kind < LOADS) return this.#timed('load', () => this.#load(i))
    if (kind < LOADS + SAVES) return this.#timed('save', () => this.#save(i))
    if (kind < LOADS + SAVES + REMOVALS) return this.#timed('remove', () => this.#remove(i))
    return this.#timed('getOrCompute', () => this.#shared.ask(this.#cache))
  }

  async #timed(kind: keyof CallLatencies['all'], call: () => Promise<void>): Promise<void> {
    const begun = performance.now()
    await call()
    this.#shared.latencies.all[kind].add(performance.now() - begun)
  }

  #valueOf(i: number): unknown {
    const version = this.#versions[i]
    return version === 0 ? undefined : { id: i, name: `NPC ${this.#prefix}${i}`, version, mood: version / 4 }
  }

  async #save(i: number): Promise<void> {
    this.#versions[i]++
    if (!(await this.#cache.save(this.#prefix + i, this.#valueOf(i)))) this.wrong++
  }

  async #load(i: number): Promise<void> {
    const expected = this.#valueOf(i)
    if (expected === undefined) this.absent++
    if (!isDeepStrictEqual(await this.#cache.load(this.#prefix + i), expected)) this.wrong++
  }

  async #remove(i: number): Promise<void> {
    const was = this.#versions[i] > 0
    this.#versions[i] = 0
    if ((await this.#cache.remove(this.#prefix + i)) !== was) this.wrong++
  }

  /** Removes those of its keys that end in a digit. */
  async #invalidate(digit: number): Promise<void> {
    let matching = 0
    for (let i = digit; i < this.#versions.length; i += 10) {
      if (this.#versions[i] > 0) matching++
      this.#versions[i] = 0
    }
    if ((await this.#cache.invalidatePattern(`${this.#prefix}*${digit}`)) !== matching) this.wrong++
  }
}

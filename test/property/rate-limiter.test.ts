// The rate limiter against a simple model: the calls in an array, and tokens counted over the whole history at each look.
import fc from 'fast-check'
import { test } from 'tap'
import { RateLimiter } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { FakeClock } from '../fixtures/fake-clock.js'

const turn = () => new Promise(resolve => setImmediate(resolve))
const TINY = 1e-6

interface Rate {
  readonly limit: number
  readonly perMs: number
  readonly burst: number
}

type Cost = { readonly a: number; readonly b: number }

interface Call {
  readonly since: number
  readonly timeoutMs: number
  readonly cost: Cost
  readonly stop: AbortController
  abortedAt?: number
  /** How and when it ended, once. */
  readonly ends: { readonly how: string; readonly at: number }[]
}

/** What was let through, and what may be. */
class Model {
  readonly grants: { readonly at: number; readonly cost: Cost }[] = []
  readonly #rates: { readonly a: Rate; readonly b: Rate }

  constructor(a: Rate, b: Rate) {
    this.#rates = { a, b }
  }

  /** Tokens that a bucket holds, from all that was let through. */
  level(name: 'a' | 'b', now: number): number {
    const { limit, perMs, burst } = this.#rates[name]
    let [level, at] = [burst, 0]
    for (const grant of [...this.grants, { at: now, cost: { a: 0, b: 0 } }]) {
      level = Math.min(burst, level + ((grant.at - at) * limit) / perMs) - grant.cost[name]
      at = grant.at
    }
    return level
  }

  affords(cost: Cost, now: number, spare: number): boolean {
    return (['a', 'b'] as const).every(name => cost[name] === 0 || this.level(name, now) >= cost[name] + spare)
  }

  /** Of every stretch of time that begins and ends with a grant. */
  keepsBounds(): boolean {
    return (['a', 'b'] as const).every(name => {
      const { limit, perMs, burst } = this.#rates[name]
      return this.grants.every(({ at: from }, i) => {
        let sum = 0
        return this.grants.slice(i).every(({ at, cost }) => {
          sum += cost[name]
          return sum <= burst + ((at - from) * limit) / perMs + TINY
        })
      })
    })
  }
}

/** A limiter, its model, and all calls that were made. */
class Game {
  readonly clock = new FakeClock()
  readonly model: Model
  readonly calls: Call[] = []
  readonly #buckets: { readonly a: Rate; readonly b: Rate }
  #limiter: RateLimiter

  constructor(a: Rate, b: Rate) {
    this.#buckets = { a, b }
    this.model = new Model(a, b)
    this.#limiter = new RateLimiter({ buckets: this.#buckets }, this.clock)
  }

  get waiting(): Call[] {
    return this.calls.filter(call => call.ends.length === 0)
  }

  acquire(wish: Cost, timeoutMs: number): void {
    const cost = this.#possible(wish)
    const call: Call = { since: this.clock.now(), timeoutMs, cost, stop: new AbortController(), ends: [] }
    this.calls.push(call)
    this.#limiter.acquire({ cost, timeoutMs, signal: call.stop.signal }).then(
      () => {
        call.ends.push({ how: 'granted', at: this.clock.now() })
        this.model.grants.push({ at: this.clock.now(), cost })
      },
      error => call.ends.push({ how: error.code, at: this.clock.now() }),
    )
  }

  tryAcquire(wish: Cost): void {
    const cost = this.#possible(wish)
    const [now, free] = [this.clock.now(), this.waiting.length === 0]
    const surely = free && this.model.affords(cost, now, TINY)
    const perhaps = free && this.model.affords(cost, now, -TINY)
    const taken = this.#limiter.tryAcquire(cost)
    if (taken) this.model.grants.push({ at: now, cost })
    if (taken ? !perhaps : surely) throw new Error(`tryAcquire gave ${taken}`)
  }

  abort(which: number): void {
    const call = this.waiting[which % this.waiting.length] ?? this.calls.at(-1)
    if (call === undefined || call.stop.signal.aborted) return
    call.abortedAt = this.clock.now()
    call.stop.abort()
  }

  /** Stops at each moment at which something is due. */
  async advance(ms: number): Promise<void> {
    for (const until = this.clock.now() + ms; ; ) {
      const left = until - this.clock.now()
      const due = this.clock.waiting.find(wait => wait > 0 && wait <= left)
      this.clock.advance(due ?? left)
      await turn()
      this.check()
      if (due === undefined) return
    }
  }

  reload(): void {
    if (this.waiting.length > 0) return
    const saved = JSON.parse(JSON.stringify(this.#limiter.save()))
    this.#limiter = new RateLimiter({ buckets: this.#buckets }, this.clock)
    this.#limiter.restore(saved)
  }

  /** What holds whenever nothing more happens at this moment. */
  check(): void {
    const [now, [head]] = [this.clock.now(), this.waiting]
    if (this.#limiter.status().waiting !== this.waiting.length) throw new Error('somebody is lost')
    if (!this.model.keepsBounds()) throw new Error('more than burst + rate * time')
    if (head === undefined) return
    // The head's timer is in whole milliseconds.
    if (now - 1 >= head.since && this.model.affords(head.cost, now - 1, TINY)) throw new Error('a wait in vain')
    const [from, to] = [head.since, head.since + head.timeoutMs]
    if (now < from || now >= to) throw new Error('a wait beyond its time')
  }

  /** Each call ended once and for its reason, those that were let through in the order in which they came. */
  checkEnds(): void {
    const granted = this.calls.filter(call => call.ends[0]?.how === 'granted').map(call => call.ends[0].at)
    if (granted.some((at, i) => at < granted[i - 1])) throw new Error('somebody was overtaken')
    for (const { ends, since, timeoutMs, abortedAt } of this.calls) {
      const [{ how, at }] = ends
      const good =
        how === 'granted' ||
        (how === 'ABORTED' && at === abortedAt) ||
        (how === 'RATE_TIMEOUT' && at === since + timeoutMs)
      if (ends.length !== 1 || !good) throw new Error(`a call ended as ${JSON.stringify(ends)}`)
    }
  }

  #possible(wish: Cost): Cost {
    const { a, b } = this.#buckets
    const cost = { a: Math.min(wish.a, a.burst), b: Math.min(wish.b, b.burst) }
    return cost.a + cost.b > 0 ? cost : { a: 1, b: 0 }
  }
}

const rates = fc.record({
  limit: fc.integer({ min: 1, max: 40 }),
  perMs: fc.constantFrom(1, 7, 100, 1000, 60_000),
  burst: fc.integer({ min: 1, max: 12 }),
})
const cost = fc.record({ a: fc.integer({ min: 0, max: 12 }), b: fc.integer({ min: 0, max: 12 }) })
const timeouts = fc.constantFrom(1, 50, 1000, 1_000_000)

type Step = (game: Game) => void | Promise<void>
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(cost, timeouts).map(
      ([c, ms]) =>
        (game: Game) =>
          game.acquire(c, ms),
    ),
  },
  { weight: 2, arbitrary: cost.map(c => (game: Game) => game.tryAcquire(c)) },
  { weight: 1, arbitrary: fc.nat().map(which => (game: Game) => game.abort(which)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(0, 1, 3, 50, 999, 20_000).map(ms => (game: Game) => game.advance(ms)),
  },
  { weight: 1, arbitrary: fc.constant((game: Game) => game.reload()) },
)

test('no more than burst + rate * time, nobody overtaken, lost, served twice or left waiting in vain', async t => {
  let [granted, late, aborted] = [0, 0, 0]
  await fc.assert(
    fc.asyncProperty(
      rates,
      rates,
      fc.array(steps, { minLength: 20, maxLength: 60, size: 'max' }),
      async (a, b, script) => {
        const game = new Game(a, b)
        for (const step of script) {
          await step(game)
          await turn()
          game.check()
        }
        // In the end everybody's time runs out.
        await game.advance(1_000_000)
        game.checkEnds()
        for (const { ends } of game.calls) {
          if (ends[0].how === 'granted') granted++
          else if (ends[0].how === 'ABORTED') aborted++
          else late++
        }
        return game.clock.waiting.length === 0
      },
    ),
    { numRuns: ofCampaign(2000) },
  )
  t.ok(granted > 100 && late > 20 && aborted > 20, `each was met: ${granted} granted, ${late} late, ${aborted} aborted`)
})

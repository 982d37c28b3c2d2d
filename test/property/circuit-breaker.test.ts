// The circuit breaker against a simple model: every call that was ever made in an array, its state worked out from rules.
import fc from 'fast-check'
import { test } from 'tap'
import { CircuitBreaker } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { FakeClock } from '../fixtures/fake-clock.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

interface Options {
  readonly failureThreshold: number
  readonly failureRatio: number
  readonly windowMs: number
  readonly minimumCalls: number
  readonly openMs: number
  readonly halfOpenProbes: number
}

/** The rules, told plainly. Outcomes are kept all, each with the time at which its slice of the window began. */
class Model {
  state: 'closed' | 'open' | 'half-open' = 'closed'
  era = 0
  readonly #options: Options
  #since = 0
  #outcomes: { readonly slice: number; readonly good: boolean }[] = []
  #row = 0
  #probes: ('runs' | 'good')[] = []

  constructor(options: Options) {
    this.#options = options
  }

  stateAt(now: number): Model['state'] {
    return this.state === 'open' && now - this.#since >= this.#options.openMs ? 'half-open' : this.state
  }

  /** Whether a call is let through now. */
  admits(now: number): boolean {
    const { openMs, halfOpenProbes } = this.#options
    if (this.state !== 'closed' && now - this.#since >= openMs) this.#go('half-open', now)
    if (this.state === 'half-open' && this.#probes.length < halfOpenProbes) {
      this.#probes.push('runs')
      return true
    }
    return this.state === 'closed'
  }

  ends(era: number, good: boolean, now: number): void {
    if (era !== this.era) return
    this.#row = good ? 0 : this.#row + 1
    if (this.state === 'half-open') {
      if (!good) this.#go('open', now)
      else {
        this.#probes[this.#probes.indexOf('runs')] = 'good'
        const succeeded = this.#probes.filter(probe => probe === 'good').length
        if (succeeded === this.#options.halfOpenProbes) this.#go('closed', now)
      }
      return
    }
    const { windowMs, failureThreshold, failureRatio, minimumCalls } = this.#options
    const last = this.#outcomes.at(-1)?.slice ?? Number.NEGATIVE_INFINITY
    this.#outcomes.push({ slice: now - last >= windowMs / 10 ? now : last, good })
    if (good) return
    const lately = this.#outcomes.filter(({ slice }) => now - slice < windowMs)
    const failed = lately.filter(outcome => !outcome.good).length
    const often = lately.length >= minimumCalls && failed / lately.length >= failureRatio
    if (this.#row >= failureThreshold || often) this.#go('open', now)
  }

  #go(state: Model['state'], now: number): void {
    this.state = state
    this.era++
    this.#since = now
    this.#probes = []
    if (state !== 'closed') return
    this.#row = 0
    this.#outcomes = []
  }
}

class Game {
  readonly clock = new FakeClock()
  refused = 0
  opened = 0
  readonly #breaker: CircuitBreaker
  readonly #model: Model
  readonly #running: { readonly era: number; readonly end: (good: boolean) => void }[] = []

  constructor(options: Options) {
    this.#breaker = new CircuitBreaker(options, this.clock)
    this.#model = new Model(options)
  }

  async call(): Promise<void> {
    const expected = this.#model.admits(this.clock.now())
    let end: ((good: boolean) => void) | undefined
    const result = this.#breaker.execute(
      () =>
        new Promise<void>((resolve, reject) => {
          end = good => (good ? resolve() : reject(new Error('down')))
        }),
    )
    result.catch((error: { code?: string }) => {
      if (error.code === 'CIRCUIT_OPEN') this.refused++
    })
    await turn()
    if ((end !== undefined) !== expected) throw new Error(`let through: ${end !== undefined}, expected: ${expected}`)
    if (end !== undefined) this.#running.push({ era: this.#model.era, end })
  }

  async end(which: number, good: boolean): Promise<void> {
    if (this.#running.length === 0) return
    const [call] = this.#running.splice(which % this.#running.length, 1)
    call.end(good)
    await turn()
    this.#model.ends(call.era, good, this.clock.now())
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms)
  }

  check(before: string): string {
    const { state, opened } = this.#breaker.status()
    const expected = this.#model.stateAt(this.clock.now())
    this.opened = opened
    if (state !== expected) throw new Error(`${state}, expected ${expected}, after ${before}`)
    return state
  }
}

const options = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 5 }),
  failureRatio: fc.constantFrom(0.2, 0.5, 1),
  windowMs: fc.constantFrom(10, 100, 1000),
  minimumCalls: fc.integer({ min: 1, max: 8 }),
  openMs: fc.constantFrom(1, 100, 500),
  halfOpenProbes: fc.integer({ min: 1, max: 3 }),
})
type Step = (game: Game) => Promise<void>
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant((game: Game) => game.call()) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(), fc.boolean()).map(
      ([which, good]) =>
        (game: Game) =>
          game.end(which, good),
    ),
  },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 9, 60, 99, 500).map(ms => (game: Game) => game.advance(ms)) },
)

test('a breaker lets through what the model does, and is in its state, after each step', async t => {
  const seen = new Set<string>()
  let [refused, opened] = [0, 0]
  await fc.assert(
    fc.asyncProperty(options, fc.array(steps, { minLength: 20, maxLength: 120, size: 'max' }), async (one, script) => {
      const game = new Game(one)
      for (const [at, step] of script.entries()) {
        await step(game)
        seen.add(game.check(`step ${at}`))
      }
      refused += game.refused
      opened += game.opened
      return game.clock.waiting.length === 0
    }),
    { numRuns: ofCampaign(2000) },
  )
  t.strictSame([...seen].sort(), ['closed', 'half-open', 'open'])
  t.ok(refused > 100 && opened > 100, `${refused} refused, opened ${opened} times`)
})

// A guard before a service that does anything: whatever comes, the service sees no more than it may, every call ends once,
// and all is counted.
import fc from 'fast-check'
import { test } from 'tap'
import { ServiceGuard } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { FakeClock } from '../fixtures/fake-clock.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

const options = fc.record({
  rate: fc.integer({ min: 1, max: 50 }),
  burst: fc.integer({ min: 1, max: 5 }),
  maxConcurrent: fc.integer({ min: 1, max: 4 }),
  maxInFlight: fc.integer({ min: 1, max: 12 }),
  tokens: fc.integer({ min: 0, max: 200 }),
  failureThreshold: fc.integer({ min: 1, max: 5 }),
  attempts: fc.integer({ min: 1, max: 3 }),
})
type Options = typeof options extends fc.Arbitrary<infer T> ? T : never

/** What the service does with a call, and what the caller does. */
const calls = fc.record({
  does: fc.constantFrom('answers', 'fails', 'hangs', 'is busy'),
  takesMs: fc.constantFrom(0, 1, 40, 400),
  cost: fc.integer({ min: 0, max: 20 }),
  costs: fc.option(fc.integer({ min: 0, max: 20 })),
  abortMs: fc.option(fc.constantFrom(0, 30, 300)),
  thenMs: fc.constantFrom(0, 0, 5, 100, 2000),
})
type Call = typeof calls extends fc.Arbitrary<infer T> ? T : never

class Game {
  readonly clock = new FakeClock()
  readonly guard: ServiceGuard
  readonly began: number[] = []
  readonly ends: number[] = []
  /** Tokens of calls that reached the service: what they said that they cost, or else were to cost. */
  spent = 0
  running = 0
  most = 0

  constructor(o: Options) {
    this.guard = new ServiceGuard(
      {
        limiter: { buckets: { requests: { limit: o.rate, perMs: 1000, burst: o.burst } }, timeoutMs: 700 },
        breaker: { failureThreshold: o.failureThreshold, openMs: 300 },
        budget: { tokens: { limit: o.tokens } },
        retry: { attempts: o.attempts, backoff: { initialMs: 20 }, random: () => 0.5 },
        timeoutMs: 200,
        deadlineMs: 1500,
        maxConcurrent: o.maxConcurrent,
        maxInFlight: o.maxInFlight,
      },
      this.clock,
    )
  }

  call(which: number, { does, takesMs, cost, costs, abortMs }: Call): void {
    this.ends[which] = 0
    const stop = new AbortController()
    if (abortMs !== null) this.clock.after(abortMs, () => stop.abort())
    const over = () => void this.ends[which]++
    const serve = ({ signal, spent }: { signal: AbortSignal; spent: (cost: { tokens: number }) => void }) => {
      if (this.guard.breaker?.status().state === 'open') throw new Error('an open breaker let a call through')
      this.began.push(this.clock.now())
      this.most = Math.max(this.most, ++this.running)
      if (costs !== null) spent({ tokens: costs })
      this.spent += costs ?? cost
      return new Promise<string>((resolve, reject) => {
        const leave = (settle: () => void) => {
          this.running--
          settle()
        }
        signal.addEventListener('abort', () => leave(() => reject(signal.reason)), { once: true })
        if (does === 'hangs') return
        this.clock.after(takesMs, () => {
          if (signal.aborted) return
          if (does === 'answers') leave(() => resolve('well'))
          else leave(() => reject(does === 'fails' ? new Error('down') : { status: 429, retryAfterMs: 50 }))
        })
      })
    }
    this.guard.execute(serve, { cost: { tokens: cost }, signal: stop.signal }).then(over, over)
  }

  async advance(ms: number): Promise<void> {
    for (const until = this.clock.now() + ms; ; ) {
      const left = until - this.clock.now()
      const due = this.clock.waiting.find(wait => wait <= left)
      this.clock.advance(due ?? left)
      for (let i = 0; i < 3; i++) await turn()
      if (due === undefined) return
    }
  }
}

test('the service sees no more than it may, and every call ends once and is counted', async t => {
  const met = new Set<string>()
  const property = fc.asyncProperty(
    options,
    fc.array(calls, { minLength: 5, maxLength: 40, size: 'max' }),
    async (o, script) => {
      const game = new Game(o)
      for (const [which, call] of script.entries()) {
        game.call(which, call)
        await game.advance(call.thenMs)
      }
      await game.advance(10_000)
      const { succeeded, failed, inFlight, waiting, budget } = game.guard.status()
      for (const code of Object.keys(failed)) met.add(code)
      const ended = Object.values(failed).reduce((a, b) => a + b, succeeded)
      const within = game.began.every((from, i) =>
        game.began.slice(i).every((to, n) => n + 1 <= o.burst + ((to - from) * o.rate) / 1000 + 1e-6),
      )
      t.ok(within, 'the rate')
      t.ok(game.most <= o.maxConcurrent, 'at once')
      t.strictSame([ended, inFlight, waiting, game.running, game.clock.waiting.length], [script.length, 0, 0, 0, 0])
      t.ok(
        game.ends.every(ends => ends === 1),
        'each ends once',
      )
      t.match(budget?.amounts.tokens, { reserved: 0, spent: game.spent })
    },
  )
  await fc.assert(property, { numRuns: ofCampaign(1000) })
  met.clear()
  await fc.assert(property, { numRuns: 100, seed: 3 }) // in which everything comes to pass
  const expected = ['ABORTED', 'BUDGET_SPENT', 'CALL_TIMEOUT', 'CIRCUIT_OPEN', 'OTHER', 'RATE_TIMEOUT', 'SERVICE_BUSY']
  t.strictSame([...met].sort(), expected)
})

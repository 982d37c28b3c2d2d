// The event bus against what it promises, over random programs of publishing, settling and waiting on a fake clock: each
// event is accepted or dropped as the room then says, dispatched once and in order, and counted once.
import fc from 'fast-check'
import { test } from 'tap'
import { type BusEvent, EventBus, type EventBusOptions } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { FakeClock } from '../fixtures/fake-clock.js'

/** The patterns that match each topic, in the order in which they were subscribed. */
const MATCHING: Record<string, string[]> = { a: ['**'], 'a.b': ['**', 'a.*'], c: ['**', 'c'] }
const TIMEOUT = 50

/** What handlers do with an event: 'later' is settled by the program, or takes too long. */
type Deed = 'return' | 'throw' | 'later'
type Step =
  | { readonly publish: string; readonly deed: Deed; readonly priority: number }
  | { readonly settle: number; readonly well: boolean }
  | { readonly advance: number }
  | 'turn'

const programs = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    {
      weight: 5,
      arbitrary: fc.record({
        publish: fc.constantFrom(...Object.keys(MATCHING)),
        deed: fc.constantFrom<Deed>('return', 'throw', 'later'),
        priority: fc.integer({ min: -1, max: 1 }),
      }),
    },
    { weight: 3, arbitrary: fc.constant<Step>('turn') },
    { weight: 3, arbitrary: fc.record({ settle: fc.nat(), well: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ advance: fc.integer({ min: 1, max: 40 }) }) },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
)
const shapes = fc.record({
  backpressureStrategy: fc.constantFrom('drop' as const, 'block' as const, 'log' as const),
  maxQueueSize: fc.integer({ min: 1, max: 6 }),
  workerCount: fc.integer({ min: 1, max: 3 }),
  maxBlocked: fc.integer({ min: 0, max: 3 }),
})

interface Published {
  readonly topic: string
  readonly deed: Deed
  /** Undefined for as long as its publisher waits. */
  taken?: boolean
  spoilt: boolean
  readonly calls: string[]
}

/** A bus and all that is seen of it from outside. */
class Watched {
  readonly clock = new FakeClock()
  readonly bus: EventBus
  readonly events: Published[] = []
  /** Calls whose promises are open, with the time when they began. */
  readonly open: { readonly number: number; readonly since: number; end(well: boolean): void }[] = []
  readonly #shape: Required<Pick<EventBusOptions, 'maxQueueSize' | 'maxBlocked' | 'backpressureStrategy'>>

  constructor(
    shape: Required<Pick<EventBusOptions, 'maxQueueSize' | 'maxBlocked' | 'backpressureStrategy' | 'workerCount'>>,
  ) {
    this.#shape = shape
    this.bus = new EventBus({ ...shape, handlerTimeoutMs: TIMEOUT, logger: { warn: () => undefined } }, this.clock)
    for (const pattern of ['**', 'a.*', 'c']) {
      this.bus.subscribe<number>(pattern, event => this.#handle(pattern, event))
    }
    this.bus.start()
  }

  publish({ publish: topic, deed, priority }: Extract<Step, { publish: string }>): void {
    const { queued, blocked } = this.bus.getStats()
    const event: Published = { topic, deed, spoilt: false, calls: [] }
    const number = this.events.push(event) - 1
    const { maxQueueSize, maxBlocked, backpressureStrategy } = this.#shape
    const room = queued < maxQueueSize && blocked === 0
    const waits = !room && backpressureStrategy === 'block' && blocked < maxBlocked
    void this.bus.publish(topic, number, { priority }).then(taken => (event.taken = taken))
    const now = this.bus.getStats()
    same('queued', now.queued, queued + (room ? 1 : 0))
    same('blocked', now.blocked, blocked + (waits ? 1 : 0))
    this.check()
  }

  async settle(which: number, well: boolean): Promise<void> {
    if (this.open.length === 0) return
    const [call] = this.open.splice(which % this.open.length, 1)
    // Whether it is too late is the clock's to say: what ends afterwards changes nothing.
    if (!well && this.clock.now() - call.since < TIMEOUT) this.events[call.number].spoilt = true
    call.end(well)
    await turn() // by then the bus has heard of it, so no time limit can come between
  }

  advance(ms: number): void {
    this.clock.advance(ms)
    for (const call of this.open) if (this.clock.now() - call.since >= TIMEOUT) this.events[call.number].spoilt = true
  }

  check(): void {
    const s = this.bus.getStats()
    same('the sum', s.accepted, s.done + s.failed + s.dropped + s.queued + s.running)
    same('within bounds', s.queued <= this.#shape.maxQueueSize && s.blocked <= this.#shape.maxBlocked, true)
  }

  /** After a drain: what became of each event, and of all of them. */
  checkAll(): void {
    this.check()
    for (const { topic, taken, calls } of this.events) same(topic, calls, taken ? MATCHING[topic] : [])
    const taken = this.events.filter(event => event.taken)
    const { accepted, dropped, done, failed } = this.bus.getStats()
    same('accepted', accepted, this.events.length)
    same('dropped', dropped, this.events.filter(event => event.taken === false).length)
    same('failed', failed, taken.filter(event => event.spoilt).length)
    same('done', done, taken.filter(event => !event.spoilt).length)
  }

  #handle(pattern: string, { topic, payload: number }: BusEvent<number>): unknown {
    const event = this.events[number]
    event.calls.push(pattern)
    const earlier = this.events.slice(0, number).filter(each => each.topic === topic && each.taken !== false)
    same(
      'order of the topic',
      earlier.every(each => each.calls.length === MATCHING[topic].length),
      true,
    )
    if (event.deed === 'throw') {
      event.spoilt = true
      throw new Error('thrown')
    }
    if (event.deed === 'return') return undefined
    return new Promise<void>((resolve, reject) => {
      const end = (well: boolean) => (well ? resolve() : reject(new Error('rejected')))
      this.open.push({ number, since: this.clock.now(), end })
    })
  }
}

const faults: string[] = []

/** Notes a fault, which a handler could not throw: the bus would take it for the handler's own. */
function same(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) faults.push(`${what}: ${a} and not ${b}`)
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('no event is lost, doubled or out of order, and the counts say what became of each', async t => {
  let accepted = 0
  let spoilt = 0
  await fc.assert(
    fc.asyncProperty(shapes, programs, async (shape, program) => {
      faults.length = 0
      const watched = new Watched(shape)
      for (const step of program) {
        if (step === 'turn') await turn()
        else if ('publish' in step) watched.publish(step)
        else if ('settle' in step) await watched.settle(step.settle, step.well)
        else watched.advance(step.advance)
        watched.check()
      }
      const drained = watched.bus.drain()
      let over = false
      void drained.then(() => (over = true))
      while (!over) {
        await turn()
        if (watched.open.length > 0) await watched.settle(0, true)
        else watched.advance(TIMEOUT)
      }
      watched.checkAll()
      await watched.bus.stop()
      accepted += watched.bus.getStats().accepted
      spoilt += watched.bus.getStats().failed
      if (faults.length > 0) throw new Error(faults.join('\n'))
    }),
    { numRuns: ofCampaign(3000) },
  )
  t.ok(accepted > 2000 && spoilt > 200, `${accepted} events, ${spoilt} of them failed`)
})

import { test } from 'tap'
import { LaneStock, type StockOptions } from '../../lib/services/lane-stock.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refusedLater } from '../fixtures/refused.js'

/** A connection without a server. */
class FakeLane {
  readonly #gone = new AbortController()
  ended = false
  closed = false

  get lost(): AbortSignal {
    return this.#gone.signal
  }

  async close(): Promise<void> {
    this.ended = true
    this.closed = true
  }

  kill(): void {
    this.ended = true
    this.#gone.abort()
  }
}

/** A stock whose openings succeed or fail when the test says so. */
function stockWith(options: Partial<StockOptions> = {}) {
  const clock = new FakeClock()
  const openings: { done(): FakeLane; fail(error: Error): void }[] = []
  const open = () =>
    new Promise<FakeLane>((resolve, reject) => {
      const done = () => {
        const lane = new FakeLane()
        resolve(lane)
        return lane
      }
      openings.push({ done, fail: reject })
    })
  const all = { poolSize: 1, maxOverflow: 0, maxWaiting: 9, overflowIdleMs: 100, acquireTimeoutMs: 1000, ...options }
  return { clock, openings, stock: new LaneStock(all, clock, open) }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

async function taken(one: ReturnType<typeof stockWith>): Promise<FakeLane> {
  const lane = one.stock.acquire()
  one.openings.at(-1)?.done()
  return lane
}

test('connections are made as they are needed, up to poolSize and maxOverflow', async t => {
  const { stock, openings } = stockWith({ poolSize: 1, maxOverflow: 2 })
  const calls = [1, 2, 3, 4].map(() => stock.acquire())
  t.equal(openings.length, 3)
  for (const opening of openings) opening.done()
  const lanes = await Promise.all(calls.slice(0, 3))
  t.equal(new Set(lanes).size, 3, 'each has one of its own')
  t.match(stock.status(), { size: 3, inUse: 3, idle: 0, overflow: 2, waiting: 1 })
  stock.giveBack(lanes[1])
  t.equal(await calls[3], lanes[1], 'who waits gets what is given back')
})

test('who waits is served in order', async t => {
  const one = stockWith()
  const lane = await taken(one)
  const order: number[] = []
  const calls = [1, 2, 3].map(async i => {
    const mine = await one.stock.acquire()
    order.push(i)
    one.stock.giveBack(mine)
  })
  one.stock.giveBack(lane)
  await Promise.all(calls)
  t.strictSame(order, [1, 2, 3])
  t.match(one.stock.status(), { inUse: 0, idle: 1, opened: 1 })
})

test('the connection that was used last is used first', async t => {
  const one = stockWith({ poolSize: 2 })
  const [a, b] = [await taken(one), await taken(one)]
  one.stock.giveBack(b)
  one.stock.giveBack(a)
  t.equal(await one.stock.acquire(), a)
  t.equal(await one.stock.acquire(), b)
})

test('overflow is closed when it was idle for overflowIdleMs, and kept when it is used before', async t => {
  const one = stockWith({ poolSize: 1, maxOverflow: 1 })
  const [a, b] = [await taken(one), await taken(one)]
  one.stock.giveBack(a)
  one.clock.advance(60)
  t.equal(await one.stock.acquire(), a)
  one.clock.advance(60)
  t.notOk(a.closed, 'it was taken in time')
  one.stock.giveBack(a)
  one.stock.giveBack(b)
  one.clock.advance(99)
  t.equal(one.stock.status().size, 2)
  one.clock.advance(1)
  t.match(one.stock.status(), { size: 1, overflow: 0, idle: 1 })
  one.clock.advance(10_000)
  t.equal(one.stock.status().size, 1, 'poolSize connections are kept')
})

test('with overflowIdleMs 0 overflow is closed when it is given back and nobody waits', async t => {
  const one = stockWith({ poolSize: 1, maxOverflow: 1, overflowIdleMs: 0 })
  const [a, b] = [await taken(one), await taken(one)]
  const waits = one.stock.acquire()
  one.stock.giveBack(b)
  t.equal(await waits, b, 'somebody waits')
  one.stock.giveBack(b)
  t.ok(b.closed)
  one.stock.giveBack(a)
  t.notOk(a.closed)
})

test('a wait ends with acquireTimeoutMs, and the next call takes its place', async t => {
  const one = stockWith()
  const lane = await taken(one)
  const late = one.stock.acquire()
  one.clock.advance(500)
  const next = one.stock.acquire()
  const timeout = refusedLater(t, 'DATABASE_TIMEOUT', /acquireTimeoutMs of 1000 ms, with 1 in use/, () => late)
  one.clock.advance(500)
  await timeout
  one.clock.advance(100)
  one.stock.giveBack(lane)
  t.equal(await next, lane)
  t.match(one.stock.status(), { timedOut: 1, waiting: 0, waits: { count: 2, totalMs: 600, maxMs: 600, p95Ms: 600 } })
  t.strictSame(one.clock.waiting, [], 'no timer is left')
})

test('a wait ends with its signal', async t => {
  const one = stockWith()
  await taken(one)
  const end = new AbortController()
  const call = one.stock.acquire(end.signal)
  end.abort()
  await refusedLater(t, 'ABORTED', /a wait for a connection/, () => call)
  await refusedLater(t, 'ABORTED', /a wait for a connection/, () => one.stock.acquire(end.signal))
  t.equal(one.stock.status().waiting, 0)
})

test('the queue is bounded; who waits for a connection that is being made does not count', async t => {
  const one = stockWith({ maxWaiting: 1, poolSize: 2 })
  const calls = [one.stock.acquire(), one.stock.acquire(), one.stock.acquire()]
  await refusedLater(t, 'DATABASE_BUSY', /maxWaiting of 1/, () => one.stock.acquire())
  for (const opening of one.openings) opening.done()
  const [a] = await Promise.all(calls.slice(0, 2))
  await refusedLater(t, 'DATABASE_BUSY', /maxWaiting of 1/, () => one.stock.acquire())
  one.stock.giveBack(a)
  await calls[2]
  t.match(one.stock.status(), { refused: 2, waiting: 0 })
})

test('without any connection everybody hears at once why none can be made', async t => {
  const { stock, openings } = stockWith()
  const calls = [1, 2, 3].map(() => stock.acquire())
  openings[0].fail(new Error('no server'))
  for (const call of calls) await t.rejects(call, { message: 'no server' })
  const again = stock.acquire()
  t.equal(openings.length, 2, 'the next call tries again')
  openings[1].done()
  await again
  t.match(stock.status(), { failed: 1, opened: 1 })
})

test('where others could still be served one call alone hears that no more can be made', async t => {
  const one = stockWith({ maxOverflow: 1 })
  const lane = await taken(one)
  const [first, second] = [one.stock.acquire(), one.stock.acquire()]
  one.openings[1].fail(new Error('too many connections'))
  await t.rejects(first, { message: 'too many connections' })
  one.stock.giveBack(lane)
  t.equal(await second, lane)
})

test('a connection that is lost makes room, idle or in use', async t => {
  const one = stockWith()
  const lane = await taken(one)
  const waits = one.stock.acquire()
  lane.kill()
  t.equal(one.openings.length, 2, 'one is made for who waits')
  const other = one.openings[1].done()
  t.equal(await waits, other)
  one.stock.giveBack(lane)
  t.match(one.stock.status(), { size: 1, inUse: 1, lost: 1 }, 'giving back what is lost does nothing')
  one.stock.giveBack(other)
  other.kill()
  t.match(one.stock.status(), { size: 0, lost: 2 })
})

test('a connection that comes too late for its caller is kept for the next', async t => {
  const one = stockWith()
  const call = one.stock.acquire()
  one.clock.advance(1000)
  await t.rejects(call, { code: 'DATABASE_TIMEOUT' })
  const lane = one.openings[0].done()
  await turn()
  t.equal(await one.stock.acquire(), lane)
})

test('close refuses who waits, waits for what is in use, and closes what is idle', async t => {
  const one = stockWith({ poolSize: 2 })
  const [a, b] = [await taken(one), await taken(one)]
  one.stock.giveBack(b)
  const c = await one.stock.acquire()
  const waits = one.stock.acquire()
  one.stock.giveBack(c)
  t.equal(await waits, c)
  const refused = one.stock.acquire()
  let closed = false
  const closing = one.stock.close(1000).then(cut => {
    closed = true
    return cut
  })
  await refusedLater(t, 'DATABASE_CLOSED', /after close/, () => refused)
  await refusedLater(t, 'DATABASE_CLOSED', /after close/, () => one.stock.acquire())
  one.stock.giveBack(a)
  await turn()
  t.equal(closed, false)
  one.stock.giveBack(c)
  t.equal(await closing, 0)
  t.ok(a.closed && c.closed)
  t.strictSame(one.clock.waiting, [])
})

test('close cuts off what is in use after its limit', async t => {
  const one = stockWith()
  const lane = await taken(one)
  const closing = one.stock.close(1000)
  one.clock.advance(999)
  await turn()
  t.notOk(lane.ended)
  one.clock.advance(1)
  t.equal(await closing, 1)
  t.ok(lane.ended)
})

test('filling makes what is kept, all or nothing', async t => {
  const { stock, openings } = stockWith({ poolSize: 3 })
  const failing = stock.fill()
  const [a] = [openings[0].done(), openings[1].fail(new Error('no server')), openings[2].done()]
  await t.rejects(failing, { message: 'no server' })
  t.ok(a.closed)
  t.match(stock.status(), { size: 0, failed: 1 })
  const filling = stock.fill()
  for (const opening of openings.slice(3)) opening.done()
  await filling
  t.match(stock.status(), { size: 3, idle: 3, overflow: 0 })
})

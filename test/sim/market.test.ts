// The market held against matching by the book, piece by piece; what is conserved; and prices around the value.
import fc from 'fast-check'
import t from 'tap'
import type scenario from '../../examples/market.js'
import { book, trader } from '../../examples/market.js'
import { Simulation } from '../../lib/index.js'
import { heldMail } from '../fixtures/mail-counts.js'

const url = new URL('../../examples/market.js', import.meta.url)

type Sim = Simulation<typeof scenario>
type Params = NonNullable<Parameters<typeof Simulation.create<typeof scenario>>[1]>['params']
const create = (params: Params, seed = 3, workers = 0) =>
  Simulation.create<typeof scenario>(url, { workers, seed, params })

const cents = (money: number) => Math.round(money * 100)
const booksOf = (sim: Sim) => [...sim.world.population(book).rows()]
const tradersOf = (sim: Sim) =>
  [...sim.world.population(trader).rows()].map(row => ({
    ...row,
    money: cents(row.money),
    limit: cents(row.limit),
  }))
type Trader = ReturnType<typeof tradersOf>[number]

/** A call market by the book: each order as pieces, best price first, of equals the first. */
function matched(orders: readonly Trader[]): { price: number | undefined; buyers: Trader[]; sellers: Trader[] } {
  const pieces = orders.flatMap(o => Array.from({ length: Math.abs(o.wants) }, () => o))
  const bids = pieces.filter(o => o.wants > 0).sort((a, b) => b.limit - a.limit) // a stable sort
  const asks = pieces.filter(o => o.wants < 0).sort((a, b) => a.limit - b.limit)
  const end = bids.findIndex((bid, k) => k >= asks.length || bid.limit < asks[k].limit)
  const n = end < 0 ? bids.length : end
  const price = n === 0 ? undefined : Math.floor((bids[n - 1].limit + asks[n - 1].limit) / 2)
  return { price, buyers: bids.slice(0, n), sellers: asks.slice(0, n) }
}

const any = fc.record({
  traders: fc.integer({ min: 1, max: 120 }),
  books: fc.integer({ min: 1, max: 5 }),
  money: fc.constantFrom(0, 3, 300, 100_000),
  goods: fc.constantFrom(0, 1, 7, 1000),
  activity: fc.constantFrom(0.2, 0.8, 1),
  pull: fc.double({ min: 0, max: 1, noNaN: true }),
  error: fc.constantFrom(0, 0.0001, 0.02, 0.5, 1),
  news: fc.constantFrom(0, 0.01, 0.3),
})
const seeds = fc.integer({ min: 0, max: 2 ** 40 })
const numRuns = process.env.POPULACE_LONG ? 300 : 40
/** One with much trade, beside those drawn. */
const lively = { traders: 120, books: 2, money: 100_000, goods: 1000, activity: 1, pull: 0.2, error: 0.5, news: 0.01 }

t.test('every trader gets what matching by price, then time, piece by piece, gives him', async t => {
  let trades = 0
  let rationed = 0
  await fc.assert(
    fc.asyncProperty(any, seeds, async (params, seed) => {
      await using sim = await create(params, seed)
      for (let tick = 0; tick < 6; tick++) {
        const before = tradersOf(sim)
        const prices = booksOf(sim).map(b => cents(b.price))
        await sim.run({ ticks: 1 })
        const after = tradersOf(sim)
        for (const [row, { price, volume }] of booksOf(sim).entries()) {
          const expected = matched(after.filter(one => one.book === row))
          t.equal(cents(price), expected.price ?? prices[row])
          t.equal(volume, expected.buyers.length)
          trades += volume
          for (const own of [expected.buyers, expected.sellers]) {
            const last = own.at(-1)
            if (last && own.filter(o => o === last).length < Math.abs(last.wants)) rationed++
          }
          for (const [i, one] of after.entries()) {
            if (one.book !== row) continue
            const got = expected.buyers.filter(o => o === one).length - expected.sellers.filter(o => o === one).length
            if (one.goods !== before[i].goods + got || one.money !== before[i].money - got * cents(price)) return false
          }
        }
      }
      return true
    }),
    { numRuns, examples: [[lively, 1]] },
  )
  t.ok(trades > 500 && rationed > 5, `${trades} pieces changed hands; ${rationed} orders were filled in part`)
})

t.test('not one cent, good or message is lost, nobody owes any, and nobody pays more than he said', async t => {
  await fc.assert(
    fc.asyncProperty(any, seeds, async (params, seed) => {
      await using sim = await create(params, seed)
      const { money, goods } = sim.measures
      for (let tick = 0; tick < 10; tick++) {
        const before = tradersOf(sim)
        await sim.run({ ticks: 1 })
        if (sim.measures.money !== money || sim.measures.goods !== goods) return false
        for (const [i, one] of tradersOf(sim).entries()) {
          const got = one.goods - before[i].goods
          const paid = before[i].money - one.money
          if (one.goods < 0 || one.money < 0 || got * one.wants < 0 || Math.abs(got) > Math.abs(one.wants)) return false
          if (paid > got * one.limit) return false // a seller pays less than nothing
        }
      }
      return heldMail(t, sim, 'order').waiting === 0 && heldMail(t, sim, 'fill').waiting === 0
    }),
    { numRuns, examples: [[lively, 1]] },
  )
})

t.test('an order is one message, and a fill is one for each that was filled', async t => {
  await using sim = await create({ traders: 500, books: 3 })
  let orders = 0
  for (let tick = 0; tick < 5; tick++) {
    await sim.run({ ticks: 1 })
    orders += tradersOf(sim).filter(one => one.wants !== 0).length
  }
  const sent = heldMail(t, sim, 'order')
  const filled = heldMail(t, sim, 'fill')
  t.match(sent, { sent: orders, delivered: orders, dropped: 0, refused: 0 })
  t.ok(filled.sent > 0.3 * orders && filled.sent <= orders, `${filled.sent} of ${orders}`)
  t.equal(filled.delivered, filled.sent)
})

t.test('prices go to the value from above and from below, and stay around it', async t => {
  await using sim = await create({ traders: 6000, books: 30, news: 0.005 }, 11, 2)
  const books = sim.world.population(book)
  for (const { id, value } of books.rows()) books.set(id, { price: value * (id % 2 === 0 ? 2 : 0.5) })
  const gaps = () => booksOf(sim).map(b => Math.log(b.price / b.value))
  const spread = () => Math.sqrt(gaps().reduce((sum, gap) => sum + gap ** 2, 0) / 30)
  t.ok(spread() > 0.6)
  await sim.run({ ticks: 40 })
  // The gap is (1 - pull) of the last one less the news: its deviation is news / sqrt(1 - (1 - pull)^2) = 1.67 news,
  // and what 100 orders leave of errors of 5% comes on top.
  for (let look = 0; look < 10; look++) {
    await sim.run({ ticks: 10 })
    t.ok(spread() < 4 * 1.67 * 0.005, `${spread()}`)
  }
  const mean = gaps().reduce((sum, gap) => sum + gap) / 30
  t.ok(Math.abs(mean) < 0.01, `the gaps are ${mean} in the mean`)
})

t.test('values that move more move prices more, and prices follow', async t => {
  const change = async (news: number) => {
    await using sim = await create({ traders: 2000, books: 20, news }, 5)
    await sim.run({ ticks: 60 })
    const logs = booksOf(sim).map(b => [Math.log(b.value / 100), Math.log(b.price / 100)])
    const product = logs.reduce((sum, [value, price]) => sum + value * price, 0)
    const norm = (k: 0 | 1) => Math.sqrt(logs.reduce((sum, log) => sum + log[k] ** 2, 0))
    return { moved: norm(1), alike: product / (norm(0) * norm(1)) }
  }
  const calm = await change(0.002)
  const wild = await change(0.03)
  t.ok(wild.moved > 5 * calm.moved, `${wild.moved}, ${calm.moved}`)
  t.ok(wild.alike > 0.95, `${wild.alike}`)
})

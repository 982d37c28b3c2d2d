// A market: traders send limit orders to the books of the goods that they trade in, and each book matches the orders it
// was sent once a tick, by price, then by time. All trades of a book are made at one price, at which supply meets
// demand: a call market (Cason and Friedman 1997), where a stock exchange trades all day long. An order is good for one
// tick, so nothing has to be set aside for it: the fills come back before the next one is sent.
// What a good is worth goes its random way. A trader expects the last price to move towards the value by a share
// `pull`, and errs; who expects more than the last price would buy up to that, who expects less would sell down to it.
// Such traders are the fundamentalists of Chiarella and Iori (2002), bounded by their means as Gode and Sunder's (1993).
// A tick is a day on which all traders think at once; in the papers they come one after another.
import {
  defineEngine,
  defineMessage,
  defineParams,
  definePopulation,
  defineScenario,
  fixed,
  i32,
  index,
  mean,
  type SetupScope,
  sum,
  u32,
  type World,
} from 'populace'

const params = defineParams({
  traders: { default: 20_000, min: 1, max: 1_000_000, about: 'traders, each of one good' },
  books: { default: 50, min: 1, max: 10_000, about: 'goods, each with a book of orders' },
  money: { default: 10_000, min: 0, max: 1_000_000, about: 'money of a trader at the start' },
  goods: { default: 100, min: 0, max: 10_000, about: 'goods of a trader at the start' },
  activity: { default: 0.5, min: 0, max: 1, about: 'probability that a trader sends an order in a tick' },
  pull: { default: 0.2, min: 0, max: 1, about: 'share of the way to the value that traders expect the price to go' },
  error: { default: 0.05, min: 0, max: 1, about: 'standard deviation of what they expect, as a share' },
  news: { default: 0.01, min: 0, max: 1, about: 'standard deviation of the change of a value in a tick, as a share' },
})

/** Prices and money are whole cents, so that not one is lost. */
const CENT = 0.01
/** The most a price may be, in cents: prices times positions of orders stay exact. */
const HIGHEST = 1_000_000_000
/** Value and price at first. */
const START = 100
/** The most pieces that an order is of. */
const PIECES = 5

export const book = definePopulation('book', {
  params,
  capacity: p => p.books,
  permanent: true,
  block: 16,
  columns: {
    /** What a piece is worth to those who know. */
    value: fixed({ unit: CENT, default: START }),
    /** Of the last trades. */
    price: fixed({ unit: CENT, default: START }),
    /** Pieces traded in this tick. */
    volume: i32({ reset: 'tick' }),
  },
})

export const trader = definePopulation('trader', {
  params,
  capacity: p => p.traders,
  columns: {
    book: index(book),
    money: fixed({ unit: CENT }),
    goods: i32(),
    /** This tick's order: pieces to buy, or less than 0 to sell, and the worst price that will do. */
    wants: i32({ reset: 'tick' }),
    limit: fixed({ unit: CENT, reset: 'tick' }),
  },
})

const order = defineMessage('order', { to: book, capacity: 1_000_000, columns: { wants: i32(), limit: u32() } })
const fill = defineMessage('fill', { to: trader, capacity: 1_000_000, columns: { goods: i32(), price: u32() } })

const learn = defineEngine({
  name: 'learn',
  population: book,
  params,
  writes: ['value'],
  kernel({ self, random, params }) {
    const { value } = self
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const next = value[row] * Math.exp(params.news * random.normal(row))
        value[row] = Math.max(1, Math.min(HIGHEST, Math.round(next)))
      }
    }
  },
})

const trade = defineEngine({
  name: 'trade',
  population: trader,
  dependencies: ['learn'],
  params,
  reads: ['book', 'money', 'goods'],
  writes: ['wants', 'limit'],
  senses: { books: book.pick('value', 'price') },
  sends: { order },
  kernel({ self, seen, send, random, params }) {
    const { book, money, goods, wants, limit } = self
    const { value, price, id } = seen.books
    const { order } = send
    const { activity, pull, error } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (!random.chance(row, activity)) continue
        const at = book[row]
        const expects = pull * Math.log(value[at] / price[at]) + error * random.normal(row)
        const worst = Math.max(1, Math.min(HIGHEST, Math.round(price[at] * Math.exp(expects))))
        const pieces = 1 + random.int(row, PIECES)
        const most = expects > 0 ? Math.floor(money[row] / worst) : goods[row]
        if (most === 0) continue
        wants[row] = Math.min(pieces, most) * (expects > 0 ? 1 : -1)
        limit[row] = worst
        const o = order.add(row, id[at])
        order.wants[o] = wants[row]
        order.limit[o] = worst
      }
    }
  },
})

const match = defineEngine({
  name: 'match',
  population: book,
  dependencies: ['trade'],
  params,
  writes: ['price', 'volume'],
  receives: { order },
  sends: { fill },
  kernel({ self, inbox, send, params }) {
    const { price, volume } = self
    const { first, wants, limit, from } = inbox.order
    const { fill } = send
    // Orders best first, each as one number: its price, then its place in the inbox, which is its time.
    const { traders } = params
    const bids = new Float64Array(traders)
    const asks = new Float64Array(traders)

    function report(row: number, best: Float64Array, begin: number, pieces: number): void {
      for (let k = 0, left = pieces; left > 0; k++) {
        const i = begin + (best[k] % traders)
        const taken = Math.min(left, Math.abs(wants[i]))
        const f = fill.add(row, from[i])
        fill.goods[f] = wants[i] > 0 ? taken : -taken
        fill.price[f] = price[row]
        left -= taken
      }
    }

    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        let buyers = 0
        let sellers = 0
        for (let i = first[row]; i < first[row + 1]; i++) {
          const place = i - first[row]
          if (wants[i] > 0) bids[buyers++] = (HIGHEST - limit[i]) * traders + place
          else asks[sellers++] = limit[i] * traders + place
        }
        bids.subarray(0, buyers).sort()
        asks.subarray(0, sellers).sort()

        // Down the bids and up the asks, as long as the next buyer would pay what the next seller asks.
        let bid = 0
        let ask = 0
        let toBuy = 0 // pieces left of the bid and of the ask at hand
        let toSell = 0
        for (let b = 0, a = 0; ; ) {
          if (toBuy === 0) {
            if (bid === buyers) break
            b = first[row] + (bids[bid++] % traders)
            toBuy = wants[b]
          }
          if (toSell === 0) {
            if (ask === sellers) break
            a = first[row] + (asks[ask++] % traders)
            toSell = -wants[a]
          }
          if (limit[b] < limit[a]) break
          const pieces = Math.min(toBuy, toSell)
          toBuy -= pieces
          toSell -= pieces
          volume[row] += pieces
          price[row] = Math.floor((limit[b] + limit[a]) / 2) // what the last two agree on suits all before them
        }
        report(row, bids, first[row], volume[row])
        report(row, asks, first[row], volume[row])
      }
    }
  },
})

const settle = defineEngine({
  name: 'settle',
  population: trader,
  dependencies: ['match'],
  writes: ['money', 'goods'],
  receives: { fill },
  kernel({ self, inbox }) {
    const { money, goods } = self
    const { first, goods: got, price } = inbox.fill
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        for (let i = first[row]; i < first[row + 1]; i++) {
          goods[row] += got[i]
          money[row] -= got[i] * price[i]
        }
      }
    }
  },
})

type Scope = SetupScope<typeof params>

function setup(world: World, { params }: Scope): void {
  world.population(book).spawnMany(params.books)
  world.population(trader).spawnMany(params.traders, {
    fill({ book, money, goods }) {
      for (let i = 0; i < params.traders; i++) book[i] = i % params.books
      money.fill(Math.round(params.money / CENT))
      goods.fill(params.goods)
    },
  })
}

/** What the scenario is made of, for others to build on. */
export const market = {
  name: 'market',
  params,
  populations: [book, trader],
  engines: [learn, trade, match, settle],
  measures: {
    price: mean(book, 'price'),
    value: mean(book, 'value'),
    volume: sum(book, 'volume'),
    money: sum(trader, 'money'),
    goods: sum(trader, 'goods'),
  },
  setup,
}

export default defineScenario(market)

// Towns: people of real cities who sleep, eat, work and shop as they need to, tell their friends rumours, have talks in
// words of a language model (or of its stand-in, so that no key is needed), and are born, move and die. A tick is an hour; clocks go by longitude, so night travels around the world. People do what is most
// urgent: sleep by tiredness and hour together (the two processes of Borbély 1982), meals by hunger, work by the clock.
// Money goes around: shops pay their staff what customers paid, and of what a customer has a quarter is spent.
// All people act at once: a counter serves one customer an hour, drawn among those who came, where sequential models
// serve whoever is stepped first; what is told in an hour is told on in the next. Only the cities are real.
import {
  count,
  defineAsk,
  defineClaim,
  defineEngine,
  defineEvent,
  defineMessage,
  defineScenario,
  doc,
  later,
  mean,
  NO_INDEX,
  NONE,
  ref,
  type SetupScope,
  sum,
  type World,
} from 'populace'
import { knows, type Rumour, remember } from './support/memories.js'
import { plainSaying, type Saying, type Thought } from './support/talks.js'
import { loadTowns } from './support/towns.js'
import {
  CUSTOMERS,
  city,
  DAY,
  FRIENDS,
  GROWN,
  HOUSEHOLD,
  house,
  MEALS,
  PRICE,
  params,
  person,
  shop,
} from './support/townspeople.js'

export { city, house, person, shop }

const { leisure, sleep, work: atWork, eat, shop: atShop } = person.columns.doing.codes

const counter = defineClaim('counter', { by: person, on: shop })
const rumour = defineMessage('rumour', {
  to: person,
  capacity: 1_000_000,
  columns: { news: doc<Rumour>() },
})

const word = defineMessage('word', { to: person, capacity: 10_000, columns: { text: doc<string>() } })
const said = defineEvent('said', { columns: { to: ref(person), text: doc<string>() } })
const think = defineAsk('think', {
  service: 'llm',
  by: person,
  question: doc<Thought>(),
  answer: doc<Saying>(),
  timeoutTicks: DAY,
  pending: 64,
})

const live = defineEngine({
  name: 'live',
  population: person,
  reads: ['city', 'home', 'shop', 'work', 'early'],
  writes: ['energy', 'hunger', 'doing'],
  senses: { cities: city.pick('zone'), houses: house.pick('meals') },
  effects: { houses: house.pick('meals') },
  claims: { counter },
  kernel({ self, seen, effect, claim }) {
    const { city, home, shop, work, early, energy, hunger, doing } = self
    const { zone } = seen.cities
    const { meals } = seen.houses
    return (begin, end, tick) => {
      for (let row = begin; row < end; row++) {
        const slept = doing[row] === sleep
        energy[row] = Math.max(0, Math.min(1, energy[row] + (slept ? 0.1 : -0.045)))
        hunger[row] += slept ? 0.25 : 1
        const hour = (tick + zone[city[row]] + early[row]) % DAY
        const night = 0.5 + 0.5 * Math.cos(((hour - 4) / DAY) * 2 * Math.PI)
        const larder = meals[home[row]]

        const rest = 1 - energy[row] + night + (slept ? 0.3 : 0)
        const duty = work[row] !== NO_INDEX && hour >= 8 && hour < 17 ? 1.5 : 0
        const errand = hour >= 9 && hour < 20 ? (9 - larder) * 0.15 : 0
        const meal = larder > 0 ? hunger[row] / 4 : 0
        const most = Math.max(meal, errand, duty, rest, 1.2)
        doing[row] =
          most === meal ? eat : most === errand ? atShop : most === duty ? atWork : most === rest ? sleep : leisure
        if (doing[row] === atShop) claim.counter(row, shop[row])
        if (doing[row] === eat) {
          hunger[row] = 0
          effect.houses.meals(home[row], -1)
        }
      }
    }
  },
})

const buy = defineEngine({
  name: 'buy',
  population: person,
  dependencies: ['live'],
  reads: ['home', 'shop'],
  writes: ['money'],
  outcomes: { counter },
  effects: { houses: house.pick('meals'), shops: shop.pick('till') },
  kernel({ self, outcome, effect }) {
    const { home, shop, money } = self
    const { won } = outcome.counter
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (won[row] === 0) continue
        // Who has more buys dearer meals; who has too little gives what there is, and is fed.
        const spent = Math.min(money[row], Math.max(PRICE, money[row] >> 2))
        money[row] -= spent
        effect.shops.till(shop[row], spent)
        effect.houses.meals(home[row], MEALS)
      }
    }
  },
})

const pay = defineEngine({
  name: 'pay',
  population: shop,
  dependencies: ['buy'],
  every: DAY,
  writes: ['till'],
  senses: { staff: person.by('work') },
  effects: { people: person.pick('money') },
  kernel({ self, seen, effect }) {
    const { till } = self
    const { first, row: who } = seen.staff
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const staff = first[row + 1] - first[row]
        if (staff === 0) continue
        const wage = Math.floor(till[row] / staff)
        for (let i = first[row]; i < first[row + 1]; i++) effect.people.money(who[i], wage)
        till[row] -= wage * staff
      }
    }
  },
})

const tell = defineEngine({
  name: 'tell',
  population: person,
  dependencies: ['live'],
  weight: 1 / 4, // each block of people has its turn every four hours, and makes up for the others
  params,
  reads: ['doing', 'friends', 'heard', 'memory'],
  sends: { rumour },
  kernel({ self, send, random, params }) {
    const { doing, friends, heard, memory, elapsed } = self
    const { rumour } = send
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (doing[row] === sleep || heard[row] === 0) continue
        if (!random.chance(row, 1 - (1 - params.talk) ** elapsed[row])) continue
        const known = memory.get(row)?.rumours ?? []
        const r = rumour.add(row, friends[row * FRIENDS + random.int(row, FRIENDS)]) // to nobody, it is dropped
        rumour.news.set(r, known[random.int(row, known.length)])
      }
    }
  },
})

const listen = defineEngine({
  name: 'listen',
  population: person,
  dependencies: ['tell'],
  writes: ['friends', 'heard', 'memory'],
  senses: { people: person.pick() },
  receives: { rumour },
  kernel({ self, seen, inbox }) {
    const { friends, heard, memory } = self
    const { rowOf } = seen.people
    const { first, from, news } = inbox.rumour
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        for (let i = first[row]; i < first[row + 1]; i++) {
          const one = news.get(i)
          const memories = memory.get(row)
          if (one === undefined || knows(memories, one)) continue
          memory.set(row, remember(memories, one))
          heard[row]++
          // Who brings news takes the place of a friend who died, or was never found.
          const own = friends.subarray(row * FRIENDS, (row + 1) * FRIENDS)
          const free = own.findIndex(friend => rowOf(friend) < 0)
          if (free >= 0 && !own.includes(from[i])) own[free] = from[i]
        }
      }
    }
  },
})

/** Talks: a model is asked what to say to a friend, who in half of all cases asks what to reply. Nobody waits for it. */
const converse = defineEngine({
  name: 'converse',
  population: person,
  dependencies: ['listen'],
  params,
  reads: ['born', 'doing', 'friends', 'heard', 'memory'],
  writes: ['talks'],
  asks: { think },
  hears: { think },
  sends: { word },
  receives: { word },
  emits: { said },
  kernel({ self, ask, answers, send, inbox, emit, random, params }) {
    const { born, doing, friends, heard, memory, talks } = self
    const { think } = answers
    const { first, from, text } = inbox.word
    return (begin, end, tick) => {
      const thought = (row: number, heard: string | null): Thought => {
        const age = Math.floor(((tick - born[row]) / DAY) * params.aging)
        return { age, rumours: memory.get(row)?.rumours.slice(-3) ?? [], heard }
      }
      for (let row = begin; row < end; row++) {
        for (let i = think.first[row]; i < think.first[row + 1]; i++) {
          const say = think.answer(i)?.say
          if (say === undefined) continue
          const w = send.word.add(row, think.token[i])
          send.word.text.set(w, say)
          emit.said(row, { to: think.token[i], text: say })
        }
        for (let i = first[row]; i < first[row + 1]; i++) {
          talks[row]++
          if (random.chance(row, 0.5)) ask.think(row, thought(row, text.get(i) ?? ''), from[i])
        }
        if (doing[row] !== leisure || heard[row] === 0 || !random.chance(row, params.thinking)) continue
        const friend = friends[row * FRIENDS + random.int(row, FRIENDS)]
        if (friend !== NONE) ask.think(row, thought(row, null), friend)
      }
    }
  },
})

const age = defineEngine({
  name: 'age',
  population: person,
  dependencies: ['buy', 'converse', 'pay'],
  every: DAY,
  params,
  reads: ['born', 'hunger', 'money'],
  writes: ['city', 'heard', 'home', 'memory', 'shop', 'work'],
  senses: { cities: city.pick('place'), houses: house.pick('city'), all: house.where({}), shops: shop.by('city') },
  effects: { shops: shop.pick('till') },
  spawns: { child: person },
  despawns: true,
  moves: true,
  kernel({ self, seen, effect, spawn, despawn, move, random, params }) {
    const { id, born, hunger, money, city, heard, home, memory, shop, work, elapsed } = self
    const { place } = seen.cities
    const { first, row: shops } = seen.shops
    const { child } = spawn
    const shopOf = (row: number, c: number) => shops[first[c] + random.int(row, first[c + 1] - first[c])]
    const happens = (row: number, rate: number) => random.chance(row, 1 - Math.exp(-rate * params.aging))
    function tellOf(row: number, topic: Rumour['topic'], since: number): void {
      memory.set(row, remember(memory.get(row), { about: id[row], topic, since }))
      heard[row]++
    }

    return (begin, end, tick) => {
      for (let row = begin; row < end; row++) {
        const years = ((tick - born[row]) / DAY) * params.aging
        const days = elapsed[row] / DAY
        const hazard = 1e-4 * Math.exp(0.085 * years) // Gompertz 1825
        if (happens(row, days * hazard * (1 + hunger[row] / DAY))) {
          effect.shops.till(shop[row], money[row]) // the wake
          despawn(row)
        } else if (years >= 20 && years < 40 && happens(row, days * 0.05)) {
          const c = child.add(row)
          child.born[c] = tick
          child.city[c] = city[row]
          child.home[c] = home[row]
          child.shop[c] = shop[row]
          child.friends[c * FRIENDS] = id[row]
          child.early[c] = random.int(row, 3)
          tellOf(row, 'child', tick)
        } else if (years >= GROWN && happens(row, days * params.travel)) {
          const to = random.int(row, seen.all.length) // any house, so that larger cities draw more
          if (to === home[row]) continue
          home[row] = to
          city[row] = seen.houses.city[to]
          shop[row] = shopOf(row, city[row])
          work[row] = shopOf(row, city[row])
          tellOf(row, 'moved', tick)
          move(row, place[city[row]])
        } else if (years >= GROWN && work[row] === NO_INDEX) work[row] = shopOf(row, city[row])
      }
    }
  },
})

type Scope = SetupScope<typeof params>

async function setup(world: World, { params, random }: Scope): Promise<void> {
  const towns = await loadTowns(params.cities, params.people)
  world.population(city).spawnMany(towns.length, {
    fill({ lat, lon, zone, place }) {
      for (const [c, town] of towns.entries()) {
        lat[c] = town.lat
        lon[c] = town.lon
        zone[c] = town.zone
        place[c] = world.partition(town.name)
      }
    },
  })
  let houses = 0
  let shops = 0
  for (const [c, { name, people }] of towns.entries()) {
    const here = { houses: 1 + Math.floor(people / HOUSEHOLD), shops: 1 + Math.floor(people / CUSTOMERS) }
    world
      .population(house)
      .spawnMany(here.houses, { fill: ({ city, meals }) => void (city.fill(c), meals.fill(MEALS)) })
    world.population(shop).spawnMany(here.shops, { fill: ({ city }) => void city.fill(c) })
    world.population(person).spawnMany(people, {
      partition: name,
      fill({ city, home, shop, work, friends, born, early, money }, ids) {
        city.fill(c)
        money.fill(10 * PRICE)
        for (let i = 0; i < people; i++) {
          const age = 75 * random.float()
          born[i] = -Math.round((age / params.aging) * DAY)
          early[i] = random.int(3)
          home[i] = houses + random.int(here.houses)
          shop[i] = shops + random.int(here.shops)
          if (age >= GROWN) work[i] = shops + random.int(here.shops)
          for (let k = 0; k < FRIENDS; k++) friends[i * FRIENDS + k] = ids[random.int(people)]
        }
      },
    })
    houses += here.houses
    shops += here.shops
  }
}

/** What the scenario is made of, for others to build on. */
export const town = {
  name: 'town',
  params,
  populations: [city, house, shop, person],
  engines: [live, buy, pay, tell, listen, converse, age],
  measures: {
    people: count(person),
    asleep: count(person, { doing: 'sleep' }),
    atWork: count(person, { doing: 'work' }),
    eating: count(person, { doing: 'eat' }),
    shopping: count(person, { doing: 'shop' }),
    rumoursHeard: mean(person, 'heard'),
    talks: sum(person, 'talks'),
    hunger: mean(person, 'hunger'),
    purses: sum(person, 'money'),
    tills: sum(shop, 'till'),
  },
  /** Says what a model would, two hours later; a host gives a model in its place. */
  services: { llm: later(2, plainSaying) },
  setup,
}

export default defineScenario(town)

// The towns: the rhythm of their days, what is conserved, who is served, and how rumours spread.
import fc from 'fast-check'
import t from 'tap'
import { messagesOf, SAYING, type Saying, type Thought } from '../../examples/support/talks.js'
import { loadTowns } from '../../examples/support/towns.js'
import type scenario from '../../examples/town.js'
import { city, house, person, shop } from '../../examples/town.js'
import { ChatCompletions, NO_INDEX, Simulation } from '../../lib/index.js'
import { ChatServer, says } from '../fixtures/chat-server.js'
import { heldMail } from '../fixtures/mail-counts.js'

const url = new URL('../../examples/town.js', import.meta.url)

type Sim = Simulation<typeof scenario>
type Params = NonNullable<Parameters<typeof Simulation.create<typeof scenario>>[1]>['params']
const create = (params: Params, seed = 3, workers = 0) =>
  Simulation.create<typeof scenario>(url, { workers, seed, params })

const peopleOf = (sim: Sim) => [...sim.world.population(person).rows()]
const column = (sim: Sim, of: typeof house, name: 'city' | 'meals') =>
  Array.from(sim.world.population(of).column(name) as ArrayLike<number>)
const zonesOf = (sim: Sim) => Array.from(sim.world.population(city).column('zone') as ArrayLike<number>)

t.test('for a week people sleep by night and work by day, wherever they live', async t => {
  await using sim = await create({ people: 1500, cities: 12 }, 4, 1)
  const zones = zonesOf(sim)
  t.ok(new Set(zones).size > 4, 'clocks differ')
  await sim.run({ ticks: 24 })
  for (let day = 1; day <= 7; day++) {
    const by = new Map<string, { all: number; asleep: number; atWork: number; leisure: number }>()
    for (let hour = 0; hour < 24; hour++) {
      const { tick } = sim
      await sim.run({ ticks: 1 })
      if (hour === 0) continue // then some move, and are in another zone than where they did what they did
      for (const one of peopleOf(sim)) {
        const local = (tick + zones[one.city]) % 24
        const part =
          local < 5 ? 'night' : local >= 9 && local < 15 ? 'day' : local >= 17 && local < 20 ? 'evening' : 'else'
        const counts = by.get(part) ?? { all: 0, asleep: 0, atWork: 0, leisure: 0 }
        counts.all++
        if (one.doing === 'sleep') counts.asleep++
        if (one.doing === 'work') counts.atWork++
        if (one.doing === 'leisure') counts.leisure++
        by.set(part, counts)
      }
    }
    const share = (part: string, what: 'asleep' | 'atWork' | 'leisure') => {
      const counts = by.get(part)
      return counts ? counts[what] / counts.all : Number.NaN
    }
    t.ok(share('night', 'asleep') > 0.8, `day ${day}: ${share('night', 'asleep')} sleep by night`)
    t.ok(share('day', 'asleep') < 0.02 && share('evening', 'asleep') < 0.05, `day ${day}: they are up by day`)
    t.ok(share('day', 'atWork') > 0.5, `day ${day}: ${share('day', 'atWork')} work by day`)
    t.ok(share('night', 'atWork') === 0 && share('evening', 'atWork') === 0, `day ${day}: nobody works at night`)
    t.ok(share('evening', 'leisure') > 0.6, `day ${day}: ${share('evening', 'leisure')} have a free evening`)
  }
  t.ok(sim.measures.hunger > 1 && sim.measures.hunger < 6, `all are fed: ${sim.measures.hunger} hours since a meal`)
})

const any = fc.record({
  people: fc.integer({ min: 1, max: 400 }),
  cities: fc.integer({ min: 1, max: 40 }),
  talk: fc.constantFrom(0, 0.05, 0.5, 1),
  aging: fc.constantFrom(0.1, 2, 10),
  travel: fc.constantFrom(0, 0.02, 1),
})
const seeds = fc.integer({ min: 0, max: 2 ** 40 })

t.test('no coin, no message and nobody is lost, and everybody lives where the own town is', async t => {
  let died = 0
  let moved = 0
  let dropped = 0
  await fc.assert(
    fc.asyncProperty(any, seeds, async (params, seed) => {
      await using sim = await create(params, seed)
      const { purses, tills } = sim.measures
      t.equal(purses + tills, 120 * params.people)
      const houses = column(sim, house, 'city')
      const shops = Array.from(sim.world.population(shop).column('city') as ArrayLike<number>)
      const places = Array.from(sim.world.population(city).column('place') as ArrayLike<number>)
      for (let day = 0; day < 5; day++) {
        await sim.run({ ticks: 17 })
        if (sim.measures.purses + sim.measures.tills !== purses + tills) return false
        const { memory } = sim.internals.world
        const rows = memory.population('person')
        for (const one of peopleOf(sim)) {
          if (one.money < 0 || houses[one.home] !== one.city || shops[one.shop] !== one.city) return false
          if (one.work !== NO_INDEX && shops[one.work] !== one.city) return false
          if (rows.partition[rows.rowOf(one.id)] !== places[one.city]) return false
        }
      }
      const counts = sim.counters.populations.person
      t.match(counts, { refusedBirths: 0, refusedMoves: 0 })
      died += counts.died
      moved += counts.moved
      dropped += heldMail(t, sim, 'rumour').dropped
      return (
        counts.born - counts.died === sim.world.population(person).size && sim.counters.messages.rumour.waiting === 0
      )
    }),
    {
      numRuns: process.env.POPULACE_LONG ? 150 : 20,
      examples: [
        [{ people: 400, cities: 3, talk: 0.5, aging: 10, travel: 0.02 }, 1],
        [{ people: 30, cities: 40, talk: 1, aging: 10, travel: 1 }, 2],
      ],
    },
  )
  t.ok(died > 50 && moved > 50 && dropped > 50, `${died} died, ${moved} moved, ${dropped} rumours came too late`)
})

t.test('each counter serves one of those who came, and each meal is eaten once', async t => {
  await using sim = await create({ people: 600, cities: 4 })
  const shelves = () => column(sim, house, 'meals').reduce((a, b) => a + b, 0)
  let served = 0
  let came = 0
  for (let tick = 0; tick < 72; tick++) {
    const before = shelves()
    await sim.run({ ticks: 1 })
    if (tick % 24 === 0) continue // then some die or move, and are not found where they were served
    const all = peopleOf(sim)
    const shoppers = all.filter(one => one.doing === 'shop')
    const counters = new Set(shoppers.map(one => one.shop)).size
    t.equal(shelves(), before + 12 * counters - all.filter(one => one.doing === 'eat').length)
    served += counters
    came += shoppers.length
  }
  t.ok(served > 200 && came > 1.2 * served, `${served} of ${came} were served`)
})

t.test('rumours spread the more people talk, and lives go on as they would', async t => {
  const after = async (talk: number) => {
    await using sim = await create({ people: 1000, cities: 5, aging: 1, talk }, 6, 1)
    await sim.run({ ticks: 24 * 10 })
    const { sent } = heldMail(t, sim, 'rumour')
    const lives = peopleOf(sim).map(({ id, born, city, home }) => [id, born, city, home])
    return { sent, heard: sim.measures.rumoursHeard, lives }
  }
  const silent = await after(0)
  t.equal(silent.sent, 0)
  let last = silent
  for (const talk of [0.01, 0.05, 0.2, 1]) {
    const now = await after(talk)
    t.ok(now.heard > 1.1 * last.heard, `talking at ${talk}, they heard ${now.heard} rumours, not ${last.heard}`)
    t.strictSame(now.lives, silent.lives, 'who is born, moves and dies is the same')
    last = now
  }
})

t.test('what people talk about has happened, and they remember the last dozen', async t => {
  await using sim = await create({ people: 500, cities: 5, aging: 2, travel: 0.1, talk: 0.5 })
  const happened = new Set<string>()
  let known = new Map(peopleOf(sim).map(one => [one.id, one]))
  let most = 0
  for (let day = 0; day < 8; day++) {
    const { tick } = sim
    await sim.run({ ticks: 1 }) // the hour in which people age
    const now = new Map(peopleOf(sim).map(one => [one.id, one]))
    for (const [id, one] of now) {
      const before = known.get(id)
      if (before === undefined) happened.add(`child ${one.friends[0]} ${tick}`)
      else if (before.home !== one.home) happened.add(`moved ${id} ${tick}`)
    }
    await sim.run({ ticks: 23 })
    known = new Map(peopleOf(sim).map(one => [one.id, one]))
    const all = [...known.values()].map(({ memory, heard }) => ({ rumours: memory?.rumours ?? [], heard }))
    t.strictSame(
      all.map(one => one.rumours.length),
      all.map(one => Math.min(12, one.heard)),
    )
    const told = all.flatMap(one => one.rumours.map(r => `${r.topic} ${r.about} ${r.since}`))
    t.strictSame(
      told.filter(what => !happened.has(what)),
      [],
    )
    most = Math.max(most, ...all.map(one => one.heard))
  }
  t.ok(happened.size > 100 && most > 12, `${happened.size} things happened, one heard of ${most}`)
})

t.test('the people of the towns are shared out by inhabitants', async t => {
  const towns = await loadTowns(200, 7000)
  t.equal(
    towns.reduce((sum, one) => sum + one.people, 0),
    7000,
  )
  t.equal(new Set(towns.map(one => one.name)).size, 200)
  t.match(towns[0], { name: '1 Shanghai, CN', zone: 8 })
  t.ok(towns.every((one, i) => i === 0 || one.people <= towns[i - 1].people + 1))
  t.ok(towns.every(({ zone, lon }) => Math.abs(((zone - lon / 15 + 36) % 24) - 12) <= 0.5))
  await t.rejects(loadTowns(0, 10), /0 cities/)
})

t.test('people talk in words of a model, to friends who reply; lives go on as they would', async t => {
  const after = async (thinking: number, services = {}) => {
    const o = { workers: 0, seed: 6, params: { people: 1000, cities: 5, thinking }, services }
    await using sim = await Simulation.create<typeof scenario>(url, o)
    const said: string[] = []
    sim.on('event', ({ values }) => said.push(String(values.text)))
    await sim.run({ ticks: 24 * 5 })
    const lives = peopleOf(sim).map(({ id, born, city, home, money }) => [id, born, city, home, money])
    return { said, lives, talks: sim.measures.talks, think: sim.counters.asks.think, mail: heldMail(t, sim, 'word') }
  }
  const silent = await after(0)
  t.equal(silent.think.asked + silent.talks + silent.said.length, 0)
  const now = await after(0.5)
  const { asked, ok, open, refused } = now.think
  t.ok(asked > 100 && asked === ok + open + refused, 'all are answered')
  t.equal(now.said.length, ok - now.think.dropped)
  t.equal(now.talks + now.mail.dropped, now.mail.sent - now.mail.waiting)
  t.ok(now.said.some(text => /had a child|moved to town/.test(text)))
  t.ok(now.said.includes('You do not say!'))
  t.strictSame(now.lives, silent.lives)
  const broken = await after(0.5, { llm: () => Promise.reject(new Error('no model today')) })
  t.ok(broken.think.failed > 50)
  t.equal(broken.talks, 0)
  t.strictSame(broken.lives, silent.lives)
})

t.test('a model is told what the people know, and answers by a schema', async t => {
  await using server = await ChatServer.start()
  server.behave = says('{"say":"Well, well."}')
  const llm = new ChatCompletions<Thought, Saying>({
    ...{ url: server.url, model: 'small', messages: messagesOf, schema: SAYING },
  })
  const o = { workers: 1, seed: 6, params: { people: 300, cities: 2, aging: 2, thinking: 0.05 }, services: { llm } }
  await using sim = await Simulation.create<typeof scenario>(url, o)
  const said: string[] = []
  sim.on('event', ({ values }) => said.push(String(values.text)))
  while (said.length < 20) {
    await sim.run({ ticks: 1 })
    await new Promise(resolve => setImmediate(resolve))
  }
  t.strictSame([...new Set(said)], ['Well, well.'])
  t.match(server.requests[0].body.messages, [{ role: 'system' }, { role: 'user', content: /You are \d+ years old/ }])
  t.ok(server.requests.some(({ body }) => JSON.stringify(body).includes('Your friend said: Well, well.')))
})

// The rumour among friends held against the theory of SIR on a network, its mean field, and distances in the network.
//
// On a network with Poisson degrees (mean c) that is locally a tree, who has heard it in the end is who has a
// spreader behind some tie that the rumour passes. Backwards from a person the ties that pass towards him are Poisson
// with mean c T and independent, as they belong to different spreaders (Kenah and Robins 2007, for spreaders who last
// differently long; Newman 2002): z = 1 - exp(-c T z), with T = tell / (tell + forget - tell forget) for geometric
// times. The mean field, where a spreader tells anybody, has c tell / forget in place of c T (Kermack and McKendrick
// 1927). T is less than tell / forget and z rises with the exponent, so the mean field is an upper bound.
import fc from 'fast-check'
import t from 'tap'
import type scenario from '../../examples/gossip.js'
import { person, tie } from '../../examples/gossip.js'
import { Simulation } from '../../lib/index.js'
import { heldMail } from '../fixtures/mail-counts.js'

const url = new URL('../../examples/gossip.js', import.meta.url)

type Sim = Simulation<typeof scenario>
type Params = NonNullable<Parameters<typeof Simulation.create<typeof scenario>>[1]>['params']
const create = (params: Params, seed = 3, workers = 0) =>
  Simulation.create<typeof scenario>(url, { workers, seed, params })

/** Nobody is a spreader for longer than this. */
const LONG = 5000

/** Rows of friends, by the row of a person. */
function friendsOf(sim: Sim): number[][] {
  const friends: number[][] = Array.from({ length: sim.world.population(person).size }, () => [])
  const rowOf = new Map([...sim.world.population(person).rows()].map((p, row) => [p.id, row]))
  for (const { owner, friend } of sim.world.population(tie).rows()) friends[owner].push(rowOf.get(friend) ?? -1)
  return friends
}

const states = (sim: Sim) => [...sim.world.population(person).rows()]

function solve(r0: number): number {
  let z = 1
  for (let i = 0; i < 1000; i++) z = 1 - Math.exp(-r0 * z)
  return z
}

const people = 20_000
const friends = 10
const forget = 0.2
const tellAt = (r0: number) => (r0 * forget) / friends

/** The share that has heard it when nobody spreads it any more. */
async function finalShare(params: Params, seed: number): Promise<number> {
  await using sim = await create({ people, friends, forget, ...params }, seed, 1)
  await sim.run({ ticks: LONG })
  t.equal(sim.measures.spreaders, 0)
  t.equal(sim.measures.ignorant + sim.measures.stiflers, people, 'nobody is lost')
  return sim.measures.stiflers / people
}

/** Standard deviation of the final share among 20,000 people, measured beforehand over 24 seeds. */
const DEVIATION: Readonly<Record<number, number>> = { 1.5: 0.0148, 2: 0.0069, 3: 0.0032 }
const runs = process.env.POPULACE_LONG ? 12 : 2

t.test('the final share is that of the theory of networks, below the mean field, and rises with R0', async t => {
  let last = 0
  for (const r0 of [1.5, 2, 3]) {
    const tell = tellAt(r0)
    const shares: number[] = []
    for (let seed = 1; seed <= runs; seed++) shares.push(await finalShare({ tell }, seed))
    const mean = shares.reduce((a, b) => a + b) / runs
    const error = DEVIATION[r0] / Math.sqrt(runs)
    const passes = tell / (tell + forget - tell * forget)
    const off = (mean - solve(friends * passes)) / error
    t.ok(Math.abs(off) < 4, `R0 ${r0}: ${mean} for ${solve(friends * passes)}, ${off} standard errors off`)
    t.ok(mean < solve(r0) - 4 * error, `R0 ${r0}: ${mean} is below the mean field, ${solve(r0)}`)
    t.ok(mean > last, 'it rises')
    last = mean
  }
})

t.test('below R0 = 1 the rumour dies out', async t => {
  for (const r0 of [0.5, 0.9]) {
    const share = await finalShare({ tell: tellAt(r0) }, 5)
    t.ok(share >= 10 / people && share < 0.02, `R0 ${r0}: ${share}`)
  }
})

t.test('among neighbours on a ring fewer hear of it than among any two, and few far ties make up for much', async t => {
  const tell = tellAt(3)
  const ring = await finalShare({ tell, network: 'small-world', rewire: 0 }, 1)
  const bent = await finalShare({ tell, network: 'small-world', rewire: 0.1 }, 1)
  const random = await finalShare({ tell }, 1)
  t.ok(ring < 0.1 && bent > 0.5 && bent < random, `${ring}, ${bent}, ${random}`)
})

/** Ties from each person to the nearest of `from`; -1 where there is no way. */
function distances(friends: readonly (readonly number[])[], from: readonly number[]): number[] {
  const ways = friends.map(() => -1)
  for (const row of from) ways[row] = 0
  for (let queue = [...from]; queue.length > 0; ) {
    const next: number[] = []
    for (const row of queue) {
      for (const friend of friends[row]) {
        if (ways[friend] >= 0) continue
        ways[friend] = ways[row] + 1
        next.push(friend)
      }
    }
    queue = next
  }
  return ways
}

for (const network of ['random', 'small-world']) {
  t.test(
    `told for sure, everybody of a ${network} network has heard after as many days as ties lie between`,
    async t => {
      await using sim = await create({ people: 500, friends: 4, network, start: 3, tell: 1, forget: 0.3 })
      const starters = states(sim).flatMap((p, row) => (p.state === 'spreader' ? [row] : []))
      t.equal(starters.length, 3)
      const ways = distances(friendsOf(sim), starters)
      for (let tick = 0; tick <= Math.max(...ways); tick++) {
        const heard = states(sim).map(p => (p.state === 'ignorant' ? -1 : p.mouths))
        t.strictSame(
          heard,
          ways.map(way => (way <= tick ? way : -1)),
          `after ${tick} days`,
        )
        await sim.run({ ticks: 1 })
      }
    },
  )
}

t.test('a ring of friends has ties both ways to the nearest on either side', async t => {
  await using sim = await create({ people: 50, friends: 6, network: 'small-world', rewire: 0 })
  const around = [-3, -2, -1, 1, 2, 3]
  const sorted = (rows: readonly number[]) => [...rows].sort((a, b) => a - b)
  t.strictSame(
    friendsOf(sim).map(sorted),
    Array.from({ length: 50 }, (_, row) => sorted(around.map(step => (row + step + 50) % 50))),
  )
})

t.test('friends of a random network are Poisson in number, and nobody is a friend of himself', async t => {
  await using sim = await create({ people, friends })
  const all = friendsOf(sim)
  const mean = all.reduce((sum, own) => sum + own.length, 0) / people
  const variance = all.reduce((sum, own) => sum + (own.length - mean) ** 2, 0) / people
  t.equal(mean, friends)
  // The variance of a sample variance of n Poisson numbers is about (2 mean^2 + mean) / n.
  const error = Math.sqrt((2 * friends ** 2 + friends) / people)
  t.ok(Math.abs(variance - friends) < 4 * error, `${variance}`)
  t.ok(all.every((own, row) => !own.includes(row)))
})

t.test('no tale is lost, and who has heard has it from a friend who is one mouth nearer', async t => {
  const any = fc.record({
    people: fc.integer({ min: 2, max: 300 }),
    friends: fc.integer({ min: 1, max: 4 }).map(n => 2 * n),
    network: fc.constantFrom('random', 'small-world'),
    rewire: fc.double({ min: 0, max: 1, noNaN: true }),
    start: fc.integer({ min: 0, max: 5 }),
    tell: fc.double({ min: 0, max: 1, noNaN: true }),
    forget: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  await fc.assert(
    fc.asyncProperty(any, fc.integer({ min: 0, max: 2 ** 40 }), async (params, seed) => {
      await using sim = await create(params, seed)
      await sim.run({ ticks: 12 })
      const counts = heldMail(t, sim, 'tale')
      const all = states(sim)
      const own = friendsOf(sim)
      const told = all.filter(p => p.mouths > 0).length
      const { ignorant, spreaders, stiflers } = sim.measures
      return (
        counts.waiting === 0 &&
        counts.dropped === 0 &&
        counts.refused === 0 &&
        counts.sent >= told &&
        ignorant + spreaders + stiflers === params.people &&
        all.every((p, row) => p.mouths === 0 || own[row].some(f => all[f].mouths === p.mouths - 1))
      )
    }),
    { numRuns: process.env.POPULACE_LONG ? 60 : 15 },
  )
})

t.test('an odd number of friends is refused', async t => {
  await t.rejects(create({ people: 50, friends: 5 }), { code: 'SETUP_FAILED', message: /5 friends/ })
})

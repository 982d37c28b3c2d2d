// Weights, every, phase and shedding against rule 11 written down plainly: who has a turn when, and how long it waited,
// while agents are born in commands and main engines, die, and so come to lie in other blocks.
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import t from 'tap'
import { MAX_SHED_LEVEL } from '../../lib/core/limits.js'
import { Simulation } from '../../lib/index.js'
import type { ShedEntry } from '../../lib/state/journal.js'
import type scenario from '../fixtures/turns.js'
import type { Change, TurnEngine, TurnsSpec } from '../fixtures/turns.js'

const BLOCK = 16
const PARTITIONS = ['0', 'north', 'south'] as const
const TICKS = 24
const LONG = process.env.POPULACE_LONG === '1'

interface Course {
  readonly spec: TurnsSpec
  /** Commands before each tick. */
  readonly commands: Readonly<Record<string, Change>>
  readonly sheddings: readonly ShedEntry[]
}

const engine = (name: string): fc.Arbitrary<TurnEngine> =>
  fc.record({
    name: fc.constant(name),
    weight: fc.constantFrom(1, 1, 0.5, 0.34, 0.25, 0.1),
    every: fc.constantFrom(1, 1, 2, 3, 5),
    phase: fc.constantFrom(0, 0, 1, 4, 30),
    sheds: fc.boolean(),
  })

const change: fc.Arbitrary<Change> = fc.record({
  births: fc.array(fc.tuple(fc.constantFrom(...PARTITIONS), fc.integer({ min: 0, max: 20 })), { maxLength: 2 }),
  deaths: fc.array(fc.nat(1000), { maxLength: 6 }),
})
const changes = fc.dictionary(fc.nat(TICKS - 1).map(String), change, { maxKeys: 6 })

const courses: fc.Arbitrary<Course> = fc.tuple(engine('a'), engine('b'), engine('c')).chain(engines =>
  fc.record({
    spec: fc.record({
      capacity: fc.constant(300),
      agents: fc
        .tuple(...PARTITIONS.map(() => fc.integer({ min: 0, max: 80 })))
        .map(counts => counts.map((n, i) => [PARTITIONS[i], n] as const)),
      engines: fc.constant(engines),
      before: changes,
      after: changes,
    }),
    commands: changes,
    sheddings: fc
      .array(fc.tuple(fc.nat(TICKS - 1), fc.nat(2), fc.integer({ min: 0, max: MAX_SHED_LEVEL })), { maxLength: 8 })
      .map(all =>
        all
          .filter(([, i]) => engines[i].sheds)
          .map(([tick, i, level]): ShedEntry => ({ kind: 'shed', tick, engine: engines[i].name, level })),
      ),
  }),
)

type Noted = { turns: number; elapsed: number; longest: number; history: number; last: number }
interface Agent {
  readonly id: number
  readonly noted: Record<string, Noted>
}

/** The rule in plain words. */
class Model {
  readonly #course: Course
  readonly #partitions = new Map<string, Agent[]>()
  readonly #free: number[] = []
  readonly #generations: number[] = []
  readonly #levels: Record<string, number> = {}

  constructor(course: Course) {
    this.#course = course
    this.#partitions.set('0', [])
    for (const [partition, count] of course.spec.agents) this.#spawn(partition, count, -1)
  }

  get agents(): Agent[] {
    return [...this.#partitions.values()].flat()
  }

  #spawn(partition: string, count: number, tick: number): void {
    if (count === 0) return
    const home = this.#partitions.get(partition) ?? []
    this.#partitions.set(partition, home)
    for (let i = 0; i < count; i++) {
      const slot = this.#free.sort((a, b) => a - b).shift() ?? this.#generations.push(0)
      const fresh = () => ({ turns: 0, elapsed: 0, longest: 0, history: 0, last: tick })
      const noted = Object.fromEntries(this.#course.spec.engines.map(e => [e.name, fresh()]))
      home.push({ id: this.#generations[slot - 1] * 2 ** 32 + slot, noted })
    }
  }

  #change(given: Change | undefined, tick: number): void {
    for (const nth of given?.deaths ?? []) {
      const { agents } = this
      if (agents.length === 0) break
      const dead = agents[nth % agents.length]
      const home = [...this.#partitions.values()].find(list => list.includes(dead)) as Agent[]
      const last = home.pop() as Agent
      if (last !== dead) home[home.indexOf(dead)] = last
      this.#generations[(dead.id % 2 ** 32) - 1]++
      this.#free.push(dead.id % 2 ** 32)
    }
    for (const [partition, count] of given?.births ?? [])
      this.#spawn(partition, Math.min(count, this.#course.spec.capacity - this.agents.length), tick)
  }

  step(tick: number): void {
    const { spec, commands, sheddings } = this.#course
    for (const shed of sheddings) if (shed.tick === tick) this.#levels[shed.engine] = shed.level
    this.#change(commands[tick], tick)
    this.#change(spec.before[tick], tick)
    for (const e of spec.engines) {
      const runs = (tick - e.phase) / e.every
      if (!Number.isInteger(runs)) continue
      const turnsOf = Math.round(1 / e.weight) * 2 ** (this.#levels[e.name] ?? 0)
      for (const agents of this.#partitions.values()) {
        for (const [i, { noted }] of agents.entries()) {
          if (Math.abs((Math.floor(i / BLOCK) + runs) % turnsOf) !== 0) continue
          const own = noted[e.name]
          const elapsed = Math.max(1, tick - own.last)
          own.turns++
          own.elapsed += elapsed
          own.longest = Math.max(own.longest, elapsed)
          own.history = (Math.imul(own.history ^ (tick + 1), 0x9e3779b1) + elapsed) >>> 0
          own.last = tick
        }
      }
    }
    this.#change(spec.after[tick], tick)
  }

  /** The agents as a host sees them. */
  rows(): Record<string, number>[] {
    return this.agents.map(({ id, noted }) => {
      const entries = Object.entries(noted).flatMap(([name, { last: _, ...values }]) =>
        Object.entries(values).map(([column, value]) => [`${name} ${column}`, value]),
      )
      return { id, ...Object.fromEntries(entries) }
    })
  }
}

async function load(spec: TurnsSpec) {
  const url = new URL('../fixtures/turns.js', import.meta.url)
  url.searchParams.set('spec', JSON.stringify(spec))
  return { url, module: (await import(url.href)) as typeof import('../fixtures/turns.js') }
}

/** Ticks done when commands are sent, and at the end. */
const stopsOf = ({ commands }: Course) =>
  [...new Set([...Object.keys(commands).map(Number), TICKS])].sort((x, y) => x - y)

/** Runs a course; the agents at each of its stops, before its commands are applied. */
async function engineRun(course: Course, workers: number): Promise<{ rows: object[][]; hash: string }> {
  const { url, module } = await load(course.spec)
  const { sheddings, commands } = course
  await using sim = await Simulation.createWith<typeof scenario>(url, { workers }, { sheddings })
  const rows: object[][] = []
  for (const stop of stopsOf(course)) {
    await sim.run({ ticks: stop - sim.tick })
    rows.push([...sim.world.population(module.npc).rows()])
    if (commands[stop]) await sim.command('change', commands[stop] as never)
  }
  return { rows, hash: await sim.hash() }
}

t.test('turns and elapsed ticks are those of the plain rule', async t => {
  let turns = 0
  let waited = 0
  await fc.assert(
    fc.asyncProperty(courses, async course => {
      const { rows } = await engineRun(course, 0)
      const model = new Model(course)
      let tick = 0
      for (const [i, stop] of stopsOf(course).entries()) {
        while (tick < stop) model.step(tick++)
        const expected = model.rows()
        if (!isDeepStrictEqual(rows[i], expected))
          throw new Error(`after ${stop} ticks ${JSON.stringify(rows[i])}, not ${JSON.stringify(expected)}`)
        for (const row of expected) {
          turns += row['a turns']
          waited = Math.max(waited, row['a longest'])
        }
      }
    }),
    { numRuns: LONG ? 1000 : 60 },
  )
  t.ok(turns > 1000, 'many turns were compared')
  t.ok(waited > 6, 'some agents waited for long')
})

t.test('they are the same on workers', async t => {
  await fc.assert(
    fc.asyncProperty(courses, fc.constantFrom(1, 2, 3), async (course, workers) => {
      const inline = await engineRun(course, 0)
      if (!isDeepStrictEqual(await engineRun(course, workers), inline)) throw new Error(`other turns on ${workers}`)
    }),
    { numRuns: LONG ? 100 : 5 },
  )
  t.pass('equal')
})

t.test('where none comes or goes, no agent waits longer than the highest level of its engine says', async t => {
  let waited = 0
  await fc.assert(
    fc.asyncProperty(courses, async ({ spec, sheddings }) => {
      const calm = { spec: { ...spec, before: {}, after: {} }, commands: {}, sheddings }
      const { rows } = await engineRun(calm, 0)
      for (const { name, weight, every } of spec.engines) {
        const levels = sheddings.filter(s => s.engine === name).map(s => s.level)
        const round = Math.round(1 / weight) * 2 ** Math.max(0, ...levels) * every
        for (const row of rows[0] as Record<string, number>[]) {
          const longest = row[`${name} longest`]
          if (longest > round) throw new Error(`agent ${row.id} waited ${longest} ticks for '${name}', not ${round}`)
          waited += Number(longest === round && round > 1)
        }
      }
    }),
    { numRuns: LONG ? 300 : 20 },
  )
  t.ok(waited > 100, 'and many wait as long')
})

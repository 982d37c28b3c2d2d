// The policy of shedding by times that the test gives, and on a made-up machine whose ticks take as long as turns do.
import * as fc from 'fast-check'
import t from 'tap'
import { MAX_SHED_LEVEL } from '../../lib/core/limits.js'
import { Pace } from '../../lib/run/real-time.js'
import { type ShedChange, type Sheddable, Shedding } from '../../lib/run/shedding.js'

const engine = (name: string, agents: number, round = 1): Sheddable => ({ name, round, agents: () => agents })
/** Ticks of 100 ms, each with its work and how late the next is. */
const told = (shedding: Shedding, ticks: readonly (readonly [number, number])[]) =>
  ticks.flatMap(([work, late]) => shedding.done(work, late) ?? [])
const times = <T>(n: number, value: T): T[] => new Array<T>(n).fill(value)

t.test('ticks on time, and a single late one, shed nothing', async t => {
  const shedding = new Shedding([engine('a', 10)], 10)
  t.same(told(shedding, [...times(20, [50, 0] as const), [150, 50], [90, 40], [90, 30], [60, 0]]), [])
})

t.test('three late ticks that do not catch up shed a level of the engine with the most agents, in turn', async t => {
  const shedding = new Shedding([engine('small', 10), engine('large', 20), engine('empty', 0)], 10)
  const late = [150, 50] as const
  t.same(told(shedding, times(2, late)), [])
  t.same(told(shedding, times(10, late)), [
    { engine: 'large', level: 1 },
    { engine: 'small', level: 1 },
    { engine: 'large', level: 2 },
    { engine: 'small', level: 2 },
  ])
})

t.test('while late ticks catch up nothing more is shed', async t => {
  const shedding = new Shedding([engine('a', 1)], 10)
  const ticks = [400, 350, 300, 250, 200, 150, 100, 50].map(late => [50, late] as const)
  t.same(told(shedding, [...times(3, [150, 400] as const), ...ticks]), [{ engine: 'a', level: 1 }])
})

t.test('levels end at the limit', async t => {
  const shedding = new Shedding([engine('a', 1)], 10)
  const changes = told(shedding, times(100, [150, 400] as const))
  t.equal(changes.length, MAX_SHED_LEVEL)
  t.same(changes.at(-1), { engine: 'a', level: MAX_SHED_LEVEL })
})

t.test('turns come back one level at a time, after a calm second and a whole round of turns', async t => {
  const shedding = new Shedding([engine('large', 20, 9), engine('small', 10, 4)], 10)
  t.equal(told(shedding, times(9, [150, 50] as const)).length, 3, 'large twice, small once')
  const calm = [30, 0] as const
  t.same(told(shedding, times(35, calm)), [], 'a round of 9 << 2 ticks')
  t.same(told(shedding, times(1, calm)), [{ engine: 'large', level: 1 }], 'the most shed one first')
  t.same(told(shedding, times(17, calm)), [], 'a round of 9 << 1')
  t.same(told(shedding, [[50, 0], ...times(17, calm)]), [], 'a busy tick begins the wait again')
  t.same(told(shedding, [calm]), [{ engine: 'small', level: 0 }], 'of two equals the one with fewer agents')
  t.same(told(shedding, times(18, calm)), [{ engine: 'large', level: 0 }])
  t.same(told(shedding, times(1000, calm)), [])
})

/** A machine whose tick takes `fixed` ms, and `cost` more for each engine at level 0. Levels after n ticks, and changes. */
class Machine {
  readonly levels: Record<string, number> = {}
  readonly changes: (ShedChange & { readonly tick: number })[] = []
  late = 0
  #tick = 0
  #now = 0
  readonly #pace: Pace
  readonly #shedding: Shedding

  constructor(names: readonly string[]) {
    for (const name of names) this.levels[name] = 0
    this.#pace = new Pace(20, 'shed', 0)
    this.#shedding = new Shedding(
      names.map((name, i) => engine(name, 100 - i)),
      20,
    )
  }

  run(ticks: number, fixed: number, cost: Readonly<Record<string, number>>): void {
    for (const end = this.#tick + ticks; this.#tick < end; this.#tick++) {
      this.#now += this.#pace.wait(this.#now)
      const work = Object.entries(cost).reduce((sum, [name, ms]) => sum + ms / 2 ** this.levels[name], fixed)
      this.#now += work
      this.#pace.done(this.#now)
      this.late = this.#pace.late(this.#now)
      const change = this.#shedding.done(work, this.late)
      if (!change) continue
      this.levels[change.engine] = change.level
      this.changes.push({ ...change, tick: this.#tick })
    }
  }
}

t.test('whatever the load, levels settle where ticks keep pace, and all turns come back when it is gone', async t => {
  const load = fc.record({
    fixed: fc.double({ min: 0, max: 40, noNaN: true }),
    a: fc.double({ min: 0, max: 600, noNaN: true }),
    b: fc.double({ min: 0, max: 600, noNaN: true }),
  })
  let shed = 0
  fc.assert(
    fc.property(load, ({ fixed, a, b }) => {
      const machine = new Machine(['a', 'b'])
      machine.run(3000, fixed, { a, b })
      const settled = machine.changes.length
      const keeps = fixed + (a + b) / 2 ** MAX_SHED_LEVEL < 49
      if (keeps && machine.late > 0) throw new Error(`late by ${machine.late} ms in the end`)
      machine.run(3000, fixed, { a, b })
      if (keeps && machine.changes.length !== settled) throw new Error('levels that never settle')
      if (fixed + a + b <= 50 && settled > 0) throw new Error('shed without need')
      shed += Number(settled > 0)
      machine.run(3000, 1, { a: 1, b: 1 })
      if (Object.values(machine.levels).some(level => level > 0)) throw new Error('turns that never come back')
    }),
    { numRuns: 200, examples: [[{ fixed: 0, a: 599.3, b: 199.6 }]] }, // sixteen times fewer turns: just below a period
  )
  t.ok(shed > 20, 'most loads were too much')
})

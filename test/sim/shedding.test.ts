// Shedding in a whole simulation: journaled before it acts, repeatable on any number of workers, and undone at the end.
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { MemoryJournal, type ShedEntry } from '../../lib/state/journal.js'
import type scenario from '../fixtures/overloaded.js'
import { npc } from '../fixtures/overloaded.js'
import type shedLetters from '../fixtures/shed-letters.js'
import { AGENTS } from '../fixtures/shed-letters.js'

const url = new URL('../fixtures/overloaded.js', import.meta.url)

/** A journal that lets a test wait until something was shed so often. */
class Watched extends MemoryJournal {
  readonly #waiting: { readonly count: number; resolve(): void }[] = []

  get sheddings(): ShedEntry[] {
    return this.entries().filter(e => e.kind === 'shed')
  }

  override append(...[entry]: Parameters<MemoryJournal['append']>): void {
    super.append(entry)
    for (const { count, resolve } of this.#waiting) if (this.sheddings.length >= count) resolve()
  }

  shed(count: number): Promise<void> {
    return new Promise(resolve => this.#waiting.push({ count, resolve }))
  }
}

t.test('a real-time run that sheds is repeated with the same bits by its journal', async t => {
  const journal = new Watched(1e6)
  await using sim = await Simulation.createWith<typeof scenario>(url, { workers: 2, seed: 4 }, { journal })
  const shed = journal.shed(3)
  await sim.start({ hz: 1000, overload: 'shed' })
  await shed
  await sim.stop()
  const { tick: stopped, shedLevels } = sim
  t.ok(shedLevels.think >= 2, 'an asked level waits for the tick that begins next')
  const inRealTime = await sim.hash()
  t.not(inRealTime, await sim.hash({ populations: ['npc'] }), 'levels are part of the state')
  await sim.run({ ticks: 3 })
  t.same(sim.shedLevels, {}, 'what was shed has its turns back')
  t.match(journal.sheddings.at(-1), { tick: stopped, engine: 'think', level: 0 })
  const after = await sim.hash()
  t.equal(after, await sim.hash({ populations: ['npc'] }), 'no levels, no part of the hash')

  for (const workers of [0, 1, 2, 3]) {
    const { sheddings } = journal
    const own = new Watched(1e6)
    const internals = { sheddings, journal: own }
    await using replay = await Simulation.createWith<typeof scenario>(url, { workers, seed: 4 }, internals)
    await replay.run({ ticks: stopped })
    t.same(replay.shedLevels, shedLevels, `${workers} workers`)
    t.equal(await replay.hash(), inRealTime)
    await replay.run({ ticks: 3 })
    t.equal(await replay.hash(), after)
    t.same(own.sheddings, [], 'what came from a journal is not journaled again')
  }
  await using calm = await Simulation.create<typeof scenario>(url, { workers: 2, seed: 4 })
  await calm.run({ ticks: stopped })
  t.not(await calm.hash({ columns: ['thoughts'] }), await sim.hash({ columns: ['thoughts'] }), 'it did shed')
})

t.test('a level halves the turns of its engine alone, from the tick on that it is journaled for', async t => {
  const journal = new Watched(1e6)
  await using sim = await Simulation.createWith<typeof scenario>(url, { workers: 1 }, { journal })
  await sim.run({ ticks: 2 })
  sim.internals.driver.sheds.ask([{ engine: 'think', level: 2 }])
  t.same(journal.sheddings, [], 'asked for, and no tick begun')
  await sim.run({ ticks: 4 })
  t.same(journal.sheddings, [{ kind: 'shed', tick: 2, engine: 'think', level: 2 }])
  const waits = [1, 2, 3, 4].map(wait => (31 + 1) * 31 + wait) // two turns, one a tick, then one after the wait
  const waited = Array.from(sim.world.population(npc).column('waited') as ArrayLike<number>)
  t.same(
    waited.filter((_, row) => row % 16 === 0),
    Array.from({ length: 64 }, (_, ordinal) => waits[[2, 1, 0, 3][ordinal % 4]]),
    'of each four blocks one in a tick',
  )
  t.same(new Set(sim.world.population(npc).column('steps') as Uint32Array), new Set([6]), 'others are not shed')
})

t.test('letters wait for the turns of an engine that is shed, and none is read twice', async t => {
  const letters = new URL('../fixtures/shed-letters.js', import.meta.url)
  const shed = (tick: number, level: number): ShedEntry => ({ kind: 'shed', tick, engine: 'read', level })
  const sheddings = [shed(3, 1), shed(4, 3), shed(25, 2), shed(31, 0)]
  const hashes = new Set<string>()
  for (const workers of [0, 1, 2, 3]) {
    await using sim = await Simulation.createWith<typeof shedLetters>(letters, { workers }, { sheddings })
    await sim.run({ ticks: 30 })
    t.ok(sim.measures.read < AGENTS * 30, 'some wait')
    await sim.run({ ticks: 3 })
    t.same(sim.measures, { read: AGENTS * 33, wrong: 0 }, `${workers} workers`)
    hashes.add(await sim.hash())
  }
  t.equal(hashes.size, 1)
})

t.test('an overload that sheds is refused where nothing does', async t => {
  const life = new URL('../../examples/life.js', import.meta.url)
  await using sim = await Simulation.create(life, { workers: 0, params: { width: 9, height: 9 } })
  await t.rejects(sim.start({ hz: 10, overload: 'shed' }), { code: 'OPTION_INVALID', message: /no engine .* sheds/ })
  await sim.run({ ticks: 1 })
  t.equal(sim.tick, 1, 'it may be run')
})

// Documents in whole worlds: the same on any number of workers, bounded, and guarded by checks mode.
import { test } from 'tap'
import { type PopulaceError, Simulation } from '../../lib/index.js'
import { verifyScenario } from '../../lib/run/verify.js'
import type diaries from '../fixtures/diaries.js'
import type notes from '../fixtures/passing-notes.js'
import { person } from '../fixtures/passing-notes.js'

const DIARIES = new URL('../fixtures/diaries.js', import.meta.url)
const NOTES = new URL('../fixtures/passing-notes.js', import.meta.url)
const TICKS = 25

type Sim = Simulation<typeof notes>

function heapOf(sim: Pick<Sim, 'internals'>) {
  const heap = sim.internals.world.memory.population('person').documents?.heap
  if (!heap) throw new Error('there is a heap')
  return heap
}

function notesOf(sim: Sim): (readonly [number, number, number])[] {
  return [...sim.world.population(person).rows()].map(p => [p.id, p.note?.from ?? 0, p.note?.text.length ?? 0])
}

async function diariesOf(o: { workers: number; checks?: boolean }) {
  await using sim = await Simulation.create<typeof diaries>(DIARIES, o)
  const used: number[] = []
  for (let tick = 0; tick < TICKS; tick++) {
    if (tick === 5) await sim.command('tell', { who: 3, text: 'tea' })
    if (tick === 5) await sim.command('tell', { who: 4, text: 'lost', fail: true })
    await sim.run({ ticks: 1 })
    used.push(heapOf(sim).used)
  }
  return { hash: await sim.hash(), used }
}

test('documents that kernels, commands and main engines write are the same on any number of workers', async t => {
  const wanted = await diariesOf({ workers: 0 })
  const collections = wanted.used.filter((n, i) => n < (wanted.used[i - 1] ?? 0)).length
  t.ok(collections >= 3, `${collections} collections`)
  for (const o of [{ workers: 1 }, { workers: 2 }, { workers: 3 }, { workers: 2, checks: true }])
    t.strictSame(await diariesOf(o), wanted, `${JSON.stringify(o)}: collections come at the same ticks too`)
})

test('the sanitizer finds nothing in a world of documents', async t => {
  const report = await verifyScenario(DIARIES, { ticks: 10 })
  t.equal(report.error, undefined)
  t.equal(report.difference, undefined)
  t.ok(report.ok)
  t.equal(report.runs.length, 6)
})

test('an engine that writes a document column senses it as it was when the engine began', async t => {
  for (const workers of [0, 2, 3]) {
    await using sim = await Simulation.create<typeof notes>(NOTES, { workers, params: { grow: 3 } })
    await sim.run({ ticks: 70 })
    t.strictSame(
      notesOf(sim),
      Array.from({ length: 64 }, (_, i) => {
        const from = ((i + 70) % 64) + 1
        return [i + 1, from, `of ${from}`.length + 3 * 70]
      }),
      `${workers} workers: each note went 70 steps around the ring`,
    )
  }
})

test('a thousand ticks of documents take the room of those that live', async t => {
  for (const workers of [0, 2]) {
    await using sim = await Simulation.create<typeof notes>(NOTES, { workers })
    const heap = heapOf(sim)
    const start = await sim.hash()
    let most = 0
    for (let i = 0; i < 50; i++) {
      await sim.run({ ticks: 64 })
      most = Math.max(most, heap.pagesTaken)
      t.ok(heap.used <= 100_000, `${heap.used} bytes`)
    }
    t.strictSame(
      [...sim.world.population(person).rows()].map(p => p.looked),
      Array.from({ length: 64 }, (_, i) => ((i + 63) % 64) * 64 * 50),
      'what was sorted long ago is read where it lies now',
    )
    t.ok(most <= workers + 3, `${most} pages taken`)
    await using fresh = await Simulation.create<typeof notes>(NOTES, { workers: 0 })
    t.strictSame(notesOf(sim), notesOf(fresh), 'and each note is back where it began')
    t.not(await sim.hash(), start, 'at another tick')
  }
})

async function failure(
  params: { grow?: number; again?: number; room?: number },
  o: { workers: number; checks?: boolean },
) {
  await using sim = await Simulation.create<typeof notes>(NOTES, { ...o, params })
  try {
    await sim.run({ ticks: 1000 })
  } catch (error) {
    const { code, message } = error as PopulaceError
    return { code, message }
  }
  return 'nothing failed'
}

test('the limit is reached in the same tick with the same words, on any number of workers', async t => {
  const live = await failure({ grow: 10, room: 20_000 }, { workers: 0 })
  t.match(live, {
    code: 'DOCUMENTS_FULL',
    message: /population 'person' exceed the 20000 bytes.*documentBytes.*engine 'pass', tick 29/,
  })
  const written = await failure({ again: 40, room: 40_000 }, { workers: 0 })
  t.match(written, { code: 'DOCUMENTS_FULL', message: /40000 bytes.*or write in one engine.*tick 0/ })
  for (const o of [{ workers: 1 }, { workers: 3 }, { workers: 2, checks: true }]) {
    t.strictSame(await failure({ grow: 10, room: 20_000 }, o), live, JSON.stringify(o))
    t.strictSame(await failure({ again: 40, room: 40_000 }, o), written, JSON.stringify(o))
  }
})

test('a refused command leaves no trace in documents, one that stands does', async t => {
  const run = async (workers: number, who: number, fail: boolean) => {
    await using sim = await Simulation.create<typeof notes>(NOTES, { workers })
    const refusals: string[] = []
    sim.on('refused', ({ error }) => refusals.push(error.message))
    if (who > 0) for (let i = 0; i < 20; i++) await sim.command('rewrite', { who, fail })
    await sim.run({ ticks: 5 })
    return { hash: await sim.hash(), used: heapOf(sim).used, refusals: refusals.length }
  }
  const quiet = await run(0, 0, false)
  const stands = await run(0, 9, false)
  t.strictSame(await run(0, 9, true), { ...quiet, refusals: 20 })
  t.not(stands.hash, quiet.hash)
  t.strictSame(await run(2, 9, true), { ...quiet, refusals: 20 })
  t.strictSame(await run(2, 9, false), stands)
})

/** What each cheat is told as, with checks on. */
const CHEATS: readonly (readonly [string, string, RegExp])[] = [
  ['column that is only read', 'WORLD_READ_ONLY', /'person\.mark' was set where it may only be read/],
  ['column that is only sensed', 'WORLD_READ_ONLY', /'person\.note' was set where it may only be read/],
  ['neighbour in the block', 'CHECK_FAILED', /agent \d+.*column 'note' became .*mine.* in a forward run/],
  ['neighbour in the next block', 'CHECK_FAILED', /agent \d+.*it set the document 'note' of row/],
  ['neighbour read', 'CHECK_FAILED', /agent \d+.*column 'note' became/],
  ['row read in another block', 'CHECK_FAILED', /agent \d+.*it read the document 'note' of row/],
  ['document kept', 'CHECK_FAILED', /agent \d+.*column 'note' became/],
  ['not plain', 'DOCUMENT_INVALID', /'person\.note' of agent 21 .*it\.text is a function/],
  ['too large', 'DOCUMENT_TOO_LARGE', /'person\.note' of agent 21 .*65536 bytes/],
  ['nobody', 'DOCUMENT_INVALID', /'person\.note' is set for row -1, where nobody lives/],
]

for (const [cheat, code, named] of CHEATS) {
  test(`a kernel is caught: ${cheat}`, async t => {
    for (const workers of [0, 2]) {
      const url = new URL(NOTES)
      url.searchParams.set('cheat', cheat)
      await using sim = await Simulation.create<typeof notes>(url, { workers, checks: true })
      try {
        await sim.run({ ticks: 2 })
        t.fail('nothing was caught')
      } catch (error) {
        t.equal((error as PopulaceError).code, code)
        t.match((error as PopulaceError).message, named)
        t.match((error as PopulaceError).message, /[Ee]ngine 'pass'/)
      }
    }
  })
}

test('a document that two runs disagree on is shown, with its engine and agent', async t => {
  const url = new URL(NOTES)
  url.searchParams.set('cheat', 'by thread')
  const { ok, difference } = await verifyScenario(url, { ticks: 2, workers: [1] })
  t.notOk(ok)
  t.match(difference, { tick: 0, engine: 'pass', population: 'person', column: 'note', agent: 21 })
  t.equal(difference?.expected, "{ from: 0, text: 'main' }")
  t.equal(difference?.found, "{ from: 0, text: 'a worker' }")
})

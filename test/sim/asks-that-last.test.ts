// Runs that ask and last: resumed, gone back, recovered from a worker's death or replayed they come to the same bits, and
// ask nothing twice that is known.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Simulation, type SimulationOptions } from '../../lib/index.js'
import { replayRun } from '../../lib/run/replay.js'
import type { AnswerEntry } from '../../lib/state/journal.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import { readJournal, StoredJournal } from '../../lib/state/stored-journal.js'
import type pupils from '../fixtures/pupils.js'
import { answerOf, type Question } from '../fixtures/pupils.js'

const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
const TICKS = 30
const folder = mkdtempSync(join(tmpdir(), 'populace-'))
t.teardown(() => rmSync(folder, { recursive: true }))

const make = (o: SimulationOptions, query = '') =>
  Simulation.create<typeof pupils>(new URL(`${PUPILS.href}${query}`), { seed: 3, ...o })

/** The query of a world one of whose workers dies. */
const dying = () => `?${new URLSearchParams({ death: join(folder, randomUUID()) })}`

/** An examiner who notes what he was asked. Exams are answered exactly six ticks later, whenever a call ends. */
function makeExaminer() {
  const asked: string[] = []
  const examiner = async ({ who }: Question, { id }: { readonly id: string }) => {
    asked.push(id)
    return who
  }
  return { asked, examiner }
}

t.test('a run that is resumed asks again what was open, with the same identity', async t => {
  const address = `memory:${randomUUID()}`
  const { asked, examiner } = makeExaminer()
  const o = { checkpoint: { everyTicks: 7 }, services: { examiner } }
  await using whole = await make({ ...o, workers: 0, store: address })
  await whole.run({ ticks: TICKS })
  const end = await whole.hash()
  const { open } = whole.counters.asks.exam
  await whole.close()
  const first = asked.splice(0)
  t.equal(new Set(first).size, first.length, 'each ask is put once')
  for (const [workers, tick] of [
    [0, undefined],
    [2, 14],
    [3, 0],
  ] as const) {
    const from = tick === undefined ? {} : { tick }
    await using sim = await Simulation.resume<typeof pupils>(PUPILS, { ...o, store: address, workers, ...from })
    await sim.run({ ticks: TICKS - sim.tick })
    t.equal(await sim.hash(), end, `from ${tick ?? 'the newest checkpoint'} on ${workers} workers`)
    t.strictSame(asked.splice(0).sort(), first.slice(first.length - open).sort(), 'what the journal has no answer to')
  }
})

t.test('a worker that dies mid-tick: nothing is asked twice, and the bits are the same', async t => {
  await using plain = await make({ workers: 0, services: { examiner: makeExaminer().examiner } })
  await plain.run({ ticks: TICKS })
  for (const everyTicks of [4, 100]) {
    const { asked, examiner } = makeExaminer()
    const o = { workers: 2, checkpoint: { everyTicks, inMemory: true }, services: { examiner } }
    await using sim = await make(o, dying())
    const heard: number[] = []
    sim.on('event', ({ tick }) => heard.push(tick))
    await sim.run({ ticks: TICKS })
    t.equal(await sim.hash(), await plain.hash())
    t.equal(new Set(asked).size, asked.length)
    t.strictSame(
      heard,
      [...heard].sort((a, b) => a - b),
    )
  }
})

t.test('an answer that comes while ticks are stepped again comes after all that was told', async t => {
  const asked: { readonly tick: number; answer(text: { text: string; mark: number }): void }[] = []
  const teacher = (_: Question, { tick }: { readonly tick: number }) =>
    new Promise(resolve => asked.push({ tick, answer: resolve }))
  const o = { workers: 1, checkpoint: { everyTicks: 100, inMemory: true }, services: { teacher } }
  await using sim = await make(o, dying())
  const heard: number[] = []
  sim.on('event', ({ tick }) => heard.push(tick))
  const answerSome = ({ tick }: { readonly tick: number }) => {
    if (tick === 9) for (const { answer } of asked.slice(-9)) answer({ text: 'at last', mark: 1 })
  }
  sim.on('tick', answerSome, { every: 1 })
  await sim.run({ ticks: 12 })
  t.ok(heard.length > 0)
  t.ok(
    heard.every(tick => tick >= 9),
    `heard in ticks ${heard}`,
  )
})

t.test('going back asks nothing that is known; a fork asks as a run of its own', async t => {
  const address = `memory:${randomUUID()}`
  const { asked, examiner } = makeExaminer()
  const o = { workers: 0, checkpoint: { everyTicks: 5 }, services: { examiner } }
  await using sim = await make({ ...o, store: address })
  await sim.run({ ticks: 20 })
  const hash = await sim.hash()
  const before = asked.length
  await sim.seek(7)
  await sim.seek(20)
  t.equal(await sim.hash(), hash)
  t.equal(asked.length, before)
  await sim.close()
  const first = asked.splice(0)
  await using fork = await Simulation.fork<typeof pupils>(PUPILS, { ...o, store: address, tick: 10, as: 'other' })
  await fork.run({ ticks: 10 })
  t.equal(await fork.hash(), hash)
  t.ok(asked.length > 0)
  t.notOk(asked.some(id => first.includes(id)))
})

t.test('what an engine asked that is gone is asked on, and so is more than may be pending now', async t => {
  const address = `memory:${randomUUID()}`
  const { asked, examiner } = makeExaminer()
  const o = { workers: 0, services: { examiner }, logger: { warn: () => undefined } }
  await using sim = await make({ ...o, store: address })
  await sim.run({ ticks: 5 })
  await sim.checkpoint()
  const { open } = sim.counters.asks.exam
  await sim.close()
  const first = asked.splice(0)
  const changed = new URL(`${PUPILS.href}?asker=inquire&pending=1`)
  await using other = await Simulation.resume<typeof pupils>(changed, { ...o, store: address })
  await other.run({ ticks: 2 })
  t.ok(open > 1)
  t.strictSame(
    asked.slice(0, open).map(id => id.replace('//', '/ask/')),
    first,
  )
})

t.test('a world changed by hand asks on', async t => {
  const address = `memory:${randomUUID()}`
  const { asked, examiner } = makeExaminer()
  const o = { workers: 0, checkpoint: { everyTicks: 5 }, services: { examiner } }
  await using sim = await make({ ...o, store: address })
  await sim.run({ ticks: 8 })
  sim.world.thaw('a')
  await sim.run({ ticks: 8 })
  t.equal(new Set(asked).size, asked.length, 'calls that were under way serve the same questions')
  const { ok, failed } = sim.counters.asks.exam
  t.ok(ok > 0)
  t.equal(failed, 0)
})

t.test('a replay needs no service and comes to the same bits; an edited answer is caught', async t => {
  const name = randomUUID()
  const alone = new URL(`${PUPILS.href}?alone`)
  let calls = 0
  const services = {
    // Answers when it likes: in the next tick, or some ticks later.
    teacher: (q: Question) =>
      new Promise(resolve => {
        if (calls++ % 3 === 0) resolve(answerOf(q))
        else setImmediate(() => setImmediate(() => resolve(answerOf(q))))
      }),
    examiner: async ({ who }: Question) => {
      if (who % 3 === 0) throw new Error('no mood')
      return who
    },
  }
  const o = { workers: 2, seed: 3, services, checkpoint: { everyTicks: 10 }, store: `memory:${name}` }
  await using sim = await Simulation.create<typeof pupils>(alone, o)
  for (let tick = 0; tick < TICKS; tick++) {
    await sim.run({ ticks: 1 })
    await new Promise(resolve => setImmediate(resolve))
  }
  t.ok(sim.counters.asks.lesson.ok > 20 && sim.counters.asks.exam.failed > 5)
  const hash = await sim.hash()
  await sim.checkpoint()
  await sim.close()
  const store = new MemoryStore(name)
  for (const workers of [0, 3]) t.match(await replayRun(alone, store, { workers }), { hash, departs: undefined })

  const entries = (await readJournal(store, 'pupils')).map(([, entry]) => entry)
  const at = entries.findIndex(e => e.kind === 'answer' && e.ask === 'exam' && e.status === 0 && e.tick > 12)
  const answer = entries[at] as AnswerEntry
  for (const [edited, code] of [
    [{ ...answer, value: 77 }, undefined],
    [{ ...answer, status: 2 }, undefined],
    [{ ...answer, number: 100_000 }, 'JOURNAL_INVALID'],
    [{ ...answer, status: 9 }, 'JOURNAL_INVALID'],
    [{ ...answer, value: 'x'.repeat(70_000) }, 'JOURNAL_INVALID'],
  ] as const) {
    const writer = await store.write('pupils')
    await writer.cutJournal(at)
    const journal = new StoredJournal()
    journal.load([], at)
    journal.attach(writer)
    for (const entry of [edited, ...entries.slice(at + 1)]) journal.append(entry)
    await journal.flush()
    await writer.close()
    const { departs } = await replayRun(alone, store, { workers: 0 })
    t.match(departs, { after: 10, at: 20 }, JSON.stringify(edited).slice(0, 100))
    t.equal(departs?.error?.code, code)
  }
})

// Events: the same ones in the same order on any number of workers, each with its identity.
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { LOOP_SLICE_MS, MAX_TICK_EVENT_BYTES, MAX_TICK_EVENTS } from '../../lib/core/limits.js'
import { type EmittedEvent, PopulaceError, Simulation, type SimulationOptions } from '../../lib/index.js'

const CHATTER = new URL('../fixtures/chatter.js', import.meta.url)
type Told = EmittedEvent & { readonly run: string }

async function toldBy(options: SimulationOptions, ticks: number): Promise<{ told: Told[]; sim: Simulation }> {
  const sim = await Simulation.create(CHATTER, { seed: 5, ...options })
  const told: Told[] = []
  sim.on('event', event => told.push(event))
  await sim.run({ ticks })
  return { told, sim }
}

const withoutRun = (told: readonly Told[]) => told.map(({ run, ...event }) => event)

t.test('the same events come in the same order on 0, 1, 2 and 3 workers, checked or not', async t => {
  const { told: expected, sim } = await toldBy({ workers: 0 }, 20)
  const { events } = sim.counters
  await sim.close()
  t.ok(expected.length > 500)
  t.equal(events.refused, 0)
  t.equal(events.emitted.said + events.emitted.slept, expected.length)
  for (const options of [
    { workers: 1 },
    { workers: 2 },
    { workers: 3 },
    { workers: 0, checks: true },
    { workers: 2, checks: true },
  ]) {
    const { told, sim: other } = await toldBy(options, 20)
    await other.close()
    t.ok(isDeepStrictEqual(withoutRun(told), withoutRun(expected)), JSON.stringify(options))
  }
})

t.test('an event tells who emitted it, when, its values as hosts see them, and its number in the tick', async t => {
  const { told, sim } = await toldBy({ workers: 0 }, 4)
  await sim.close()
  for (let tick = 0; tick < 4; tick++) {
    const ofTick = told.filter(e => e.tick === tick)
    t.strictSame(
      ofTick.map(e => e.sequence),
      ofTick.map((_, i) => i),
    )
    // By engine, then by partition, block and row: ids count up within a partition, and 'west' was made first.
    const talked = ofTick.slice(0, ofTick.map(e => e.name).lastIndexOf('said') + 1).map(e => e.from)
    t.strictSame(
      talked,
      [...talked].sort((a, b) => a - b),
    )
  }
  const one = told.find(e => e.name === 'said' && (e.values.at as number[])[1] > 0 && e.tick === 3)
  t.match(one, { values: { to: one?.from, tone: 'cross', loud: 1.5, at: [3, Number] } })
  t.strictSame(one?.values.text, { words: 'ha '.repeat((one?.from ?? 0) % 20), of: one?.from })
  const plain = told.find(e => e.name === 'said' && e.values.to === 0)
  t.strictSame(plain?.values, { to: 0, tone: 'kind', loud: 1.5, at: [0, 0], text: undefined })
  t.equal(new Set(told.map(e => e.run)).size, 1)
})

t.test('a listener that comes in mid-run gets events from then on; without one they are counted only', async t => {
  const sim = await Simulation.create(CHATTER, { workers: 2, seed: 5 })
  await sim.run({ ticks: 5 })
  const told: Told[] = []
  const off = sim.on('event', event => told.push(event))
  await sim.run({ ticks: 5 })
  off()
  await sim.run({ ticks: 5 })
  t.equal(told[0].tick, 5)
  t.equal(told.at(-1)?.tick, 9)
  const { emitted } = sim.counters.events
  t.ok(emitted.said + emitted.slept > told.length)
  await sim.close()
})

t.test("the host's event loop turns while listeners are told what a tick emitted", async t => {
  let turns = 0
  let next = setImmediate(function turned() {
    turns++
    next = setImmediate(turned)
  })
  for (const workers of [0, 2]) {
    await using sim = await Simulation.create(CHATTER, { workers, seed: 5, params: { people: 5000 } })
    const told: number[] = []
    const toldIn = new Set<number>()
    sim.on('event', ({ sequence }) => {
      told.push(sequence)
      toldIn.add(turns)
      const end = performance.now() + LOOP_SLICE_MS / 100
      while (performance.now() < end);
    })
    await sim.run({ ticks: 1 })
    t.ok(told.length > 1000)
    t.strictSame(
      told,
      told.map((_, i) => i),
      'in order, each once, before the run ends',
    )
    // So many events to a slice; a few slices are all that need not be.
    t.ok(toldIn.size > told.length / 200, `${told.length} events in ${toldIn.size} turns, ${workers} workers`)
  }
  clearImmediate(next)
})

t.test('a tick emits so many events and no more: those beyond are refused in order and counted', async t => {
  const people = 200_000
  const seen: string[] = []
  for (const workers of [0, 2]) {
    const { told, sim } = await toldBy({ workers, params: { people } }, 2)
    const { emitted, refused } = sim.counters.events
    await sim.close()
    t.equal(told.length, 2 * MAX_TICK_EVENTS)
    t.equal(emitted.said + emitted.slept, told.length)
    t.ok(refused > 0)
    seen.push(JSON.stringify([emitted, refused, withoutRun(told.slice(-5))]))
  }
  t.equal(seen[0], seen[1])
})

t.test('documents of events have room for a tick: those beyond are refused, in order, and counted', async t => {
  const seen: string[] = []
  for (const workers of [0, 3]) {
    const { told, sim } = await toldBy({ workers, params: { people: 9000, size: 9000 } }, 4)
    const { emitted, refused } = sim.counters.events
    await sim.close()
    t.ok(refused > 0)
    t.equal(emitted.said + emitted.slept, told.length)
    for (const tick of [0, 1, 2, 3]) {
      const texts = told.filter(e => e.tick === tick && e.values.text).map(e => e.values.text as { words: string })
      const letters = texts.reduce((n, text) => n + text.words.length, 0)
      t.ok(letters > MAX_TICK_EVENT_BYTES * 0.9 && letters < MAX_TICK_EVENT_BYTES)
    }
    seen.push(JSON.stringify([emitted, refused, told.map(e => [e.tick, e.sequence, e.from])]))
  }
  t.equal(seen[0], seen[1])
})

for (const [wrong, code, message] of [
  ['row', 'OUTPUT_ROW', /emits 'said' for row 1\d? while rows/],
  ['column', 'COLUMN_UNKNOWN', /Event 'said' has no column 'loudness'.*loud/],
  ['document', 'DOCUMENT_INVALID', /function/],
  ['value', 'VALUE_INVALID', /Column 'hours' of event 'slept' is given 300/],
] as const) {
  t.test(`an event is refused: wrong ${wrong}`, async t => {
    const sim = await Simulation.create(CHATTER, { workers: 0, params: { wrong } })
    const error: unknown = await sim.run({ ticks: 1 }).catch(e => e)
    await sim.close()
    t.ok(error instanceof PopulaceError)
    t.equal((error as PopulaceError).code, code)
    t.match((error as PopulaceError).message, message)
  })
}

// Messages with documents: the same inboxes on any number of workers, nothing lost, nothing kept that nobody waits for.
import t from 'tap'
import { PopulaceError, Simulation, type SimulationOptions } from '../../lib/index.js'
import type scenario from '../fixtures/letters.js'
import { letter } from '../fixtures/letters.js'

const LETTERS = new URL('../fixtures/letters.js', import.meta.url)
type Letters = Simulation<typeof scenario>

function open(options: SimulationOptions): Promise<Letters> {
  return Simulation.create<typeof scenario>(LETTERS, { seed: 3, ...options } as never) // its parameters are all numbers
}

async function run(options: SimulationOptions): Promise<{ hash: string; counters: Letters['counters'] }> {
  const sim = await open(options)
  await sim.command('post', { to: 5, times: 3, fail: false })
  await sim.run({ ticks: 12 })
  await sim.command('post', { to: 9, times: 2, fail: false })
  await sim.command('post', { to: 9, times: 400, fail: true })
  await sim.run({ ticks: 13 })
  const { counters } = sim
  const hash = await sim.hash()
  await sim.close()
  return { hash, counters }
}

t.test('letters are read alike on 0, 1, 2 and 3 workers, checked or not', async t => {
  const expected = await run({ workers: 0 })
  for (const options of [
    { workers: 1 },
    { workers: 2 },
    { workers: 3 },
    { workers: 0, checks: true },
    { workers: 2, checks: true },
  ])
    t.same(await run(options), expected, JSON.stringify(options))
})

t.test('what was sent was delivered, was dropped or waits; what there was no room for was refused', async t => {
  const { counters } = await run({ workers: 2 })
  const { sent, delivered, dropped, waiting, refused } = counters.messages.letter
  t.equal(sent, delivered + dropped + waiting)
  for (const [what, n] of Object.entries({ delivered, dropped, waiting, refused })) t.ok(n > 0, `some were ${what}`)
  const { born, died } = counters.populations.person
  const sim = await open({ workers: 0 })
  t.equal(sim.world.population((await import('../fixtures/letters.js')).person).size, 300)
  await sim.close()
  t.ok(born > died && died > 0)
})

t.test('waiting letters are part of the hash of the world, and of no part of it', async t => {
  const sim = await open({ workers: 0 })
  await sim.run({ ticks: 3 })
  const { hash, populations, mail } = await sim.hashes()
  sim.world.send(letter, 3, { text: { from: 'a host', pages: [] } })
  const later = await sim.hashes()
  t.not(later.hash, hash)
  t.not(later.mail.letter, mail.letter)
  t.same(later.populations, populations)
  await sim.close()
})

t.test('the bytes of letters stay bounded over many ticks', async t => {
  const sim = await open({ workers: 2, params: { size: 200 } as never })
  const { heap } = sim.internals.world.memory.mail.get('letter') as { heap?: { pagesTaken: number } }
  await sim.run({ ticks: 200 })
  const before = heap?.pagesTaken ?? 0
  await sim.run({ ticks: 1000 })
  t.ok((heap?.pagesTaken ?? 99) <= before + 3, `${before} pages, then ${heap?.pagesTaken}`)
  await sim.close()
})

for (const [what, to, values, code] of [
  ['no id', 1.5, {}, 'MESSAGE_INVALID'],
  ['a negative id', -1, {}, 'MESSAGE_INVALID'],
  ['nothing', undefined, {}, 'MESSAGE_INVALID'],
  ['an unknown column', 1, { stam: 1 }, 'COLUMN_UNKNOWN'],
  ['a value that does not fit', 1, { stamp: 300 }, 'VALUE_INVALID'],
  ['what is no document', 1, { text: new Map() }, 'DOCUMENT_INVALID'],
  ['a document too large', 1, { text: { from: 'x'.repeat(70_000), pages: [] } }, 'DOCUMENT_TOO_LARGE'],
] as const) {
  t.test(`the main thread's letter is refused: ${what}`, async t => {
    const sim = await open({ workers: 0 })
    const before = await sim.hash()
    try {
      sim.world.send(letter, to as number, values as never)
      t.fail('it was sent')
    } catch (error) {
      t.ok(error instanceof PopulaceError)
      t.equal((error as PopulaceError).code, code)
    }
    t.equal(await sim.hash(), before)
    await sim.close()
  })
}

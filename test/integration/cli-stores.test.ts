// The commands over stored runs: run --resume, replay, inspect, compare, prune; and a journal that was edited.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Packr } from 'msgpackr'
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { FileStore } from '../../lib/state/file-store.js'
import type { JournalRecord } from '../../lib/state/store.js'
import type life from '../fixtures/life.js'
import { populace } from './cli-process.js'

const folder = mkdtempSync(join(tmpdir(), 'populace-cli-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const packr = new Packr({ useRecords: false, variableMapSize: true })
const store = `file:${join(folder, 'runs')}`
const WALK = ['random-walk', '--set', 'walkers=500', '--workers', '1', '--seed', '4']

async function json(argv: readonly string[], code = 0): Promise<Record<string, unknown>> {
  const ended = await populace([...argv, '--json'])
  if (ended.code !== code) throw new Error(`${argv.join(' ')} exits with ${ended.code}: ${ended.stderr}`)
  return JSON.parse(ended.stdout) as Record<string, unknown>
}

t.test('a run is kept, gone on with, replayed, looked at, compared and pruned', async t => {
  const plain = await json(['run', ...WALK, '--ticks', '50'])
  const kept = ['--store', store, '--checkpoint-every', '10']
  const first = await json(['run', ...WALK, '--ticks', '30', ...kept, '--resume'])
  t.match(first, { ticks: 30, from: 0, store, run: 'random-walk' })
  const again = await populace(['run', ...WALK, '--ticks', '50', ...kept])
  t.equal(again.code, 1)
  t.match(again.stderr, 'STORE_RUN_EXISTS')
  const second = await json(['run', ...WALK, '--ticks', '50', ...kept, '--resume'])
  t.match(second, { ticks: 50, from: 30, hash: plain.hash, hashes: plain.hashes, measures: plain.measures })
  t.match(await json(['run', ...WALK, '--ticks', '50', ...kept, '--resume']), { from: 50, hash: plain.hash })

  t.match(await json(['replay', store, '--workers', '2']), {
    ok: true,
    ticks: 50,
    compared: 6,
    hash: plain.hash,
    seed: 4,
  })
  t.match(await json(['replay', 'random-walk', '--store', store, '--from', '25']), { ok: true, from: 20, compared: 4 })
  t.match(await json(['inspect', store]), { runs: [{ run: 'random-walk', scenario: 'random-walk', seed: 4 }] })
  t.match(await json(['inspect', store, '--run', 'random-walk']), {
    state: { tick: 50, hash: plain.hash, populations: [{ name: 'walker', agents: 500 }] },
  })
  const text = await populace(['inspect', store, '--run', 'random-walk'])
  t.match(text.stdout, /diff of 40/)
  t.match((await populace(['inspect', store])).stdout, /random-walk/)
  t.match((await populace(['replay', store])).stdout, /6 as recorded/)

  await json(['run', 'random-walk', '--set', 'walkers=500', '--seed', '5', '--ticks', '20', ...kept, '--run', 'other'])
  const differ = await json(['compare', store, 'random-walk', 'other'], 1)
  t.match(differ, { differs: { tick: 10, columns: [{ population: 'walker' }] }, equalAt: 0 })
  t.match((await populace(['compare', store, 'random-walk', 'other'])).stdout, /differ at tick 10/)
  t.match(await json(['compare', store, 'other', 'other']), { compared: 3, equalAt: 20 })

  t.match(await json(['prune', store, '--run', 'random-walk', '--keep-last', '1']), {
    run: 'random-walk',
    deleted: 4,
    kept: 2,
  })
  t.match(await json(['prune', store, '--run', 'other', '--delete']), { deleted: 3, kept: 0 })
  t.match(await json(['inspect', store]), { runs: [{ run: 'random-walk' }] })
})

t.test('an edited journal is caught: what was commanded is not what is recorded', async t => {
  const url = new URL('../fixtures/life.js', import.meta.url)
  const edited = join(folder, 'edited')
  const o = { workers: 0, seed: 5, params: { records: true }, store: `file:${edited}`, checkpoint: { everyTicks: 4 } }
  const sim = await Simulation.create<typeof life>(url, o)
  for (const mark of [3, 5]) {
    await sim.run({ ticks: 5 })
    await sim.command('mark', { id: 7, mark })
  }
  await sim.run({ ticks: 5 })
  await sim.close()
  t.match(await json(['replay', `file:${edited}`]), { ok: true, compared: 4 })

  const alter = async (change: (entries: JournalRecord[]) => JournalRecord[]) => {
    const store = await FileStore.open(edited)
    const entries: JournalRecord[] = []
    for await (const some of store.journal('life')) entries.push(...some)
    const writer = await store.write('life')
    await writer.cutJournal(0)
    await writer.appendJournal(change(entries.slice()))
    await store.close()
    return entries
  }
  const original = await alter(entries =>
    entries.map(e => {
      const entry = packr.unpack(e.bytes)
      if (entry.kind === 'command' && entry.payload.mark === 3) entry.payload.mark = 4
      return { ...e, bytes: new Uint8Array(packr.pack(entry)) }
    }),
  )
  const found = await populace(['replay', `file:${edited}`, '--json'])
  t.equal(found.code, 1)
  t.match(JSON.parse(found.stdout), { ok: false, departs: { after: Number } })
  t.match(found.stderr, /departs from its record after tick \d+ and at tick \d+ at the latest/)

  await alter(() => original.map((e, i) => (i === 2 ? { ...e, bytes: e.bytes.slice(0, 5) } : e)))
  const broken = await populace(['replay', `file:${edited}`])
  t.equal(broken.code, 1)
  t.match(broken.stderr, /JOURNAL_INVALID: Entry 2/)

  await alter(() => original.filter((_, i) => i !== original.length - 2).map((e, number) => ({ ...e, number })))
  t.match((await populace(['replay', `file:${edited}`])).stderr, /departs from its record/)
  await alter(() => original)
  t.match(await json(['replay', `file:${edited}`]), { ok: true, compared: 4 })
})

t.test('wrong usage of stores is named', async t => {
  for (const [argv, code, text] of [
    [['run', ...WALK, '--resume'], 2, /--resume has no effect without --store/],
    [['run', ...WALK, '--run', 'x'], 2, /--run has no effect without --store/],
    [['run', ...WALK, '--checkpoint-every', '5'], 2, /--checkpoint-every has no effect/],
    [['run', ...WALK, '--store', 'nowhere'], 1, /STORE_INVALID/],
    [['run', ...WALK, '--store', store, '--resume', '--seed', '9'], 2, /--seed/],
    [
      ['run', ...WALK.slice(0, -2), '--store', store, '--resume', '--seed', '9'],
      2,
      /run 'random-walk' was made with 4/,
    ],
    [['run', 'random-walk', '--set', 'walkers=501', '--store', store, '--resume'], 2, /walkers=501/],
    [['replay', 'random-walk'], 2, /No store is named/],
    [['replay', store, '--run', 'none'], 1, /STORE_RUN_UNKNOWN/],
    [['inspect', store, '--set', 'a=1'], 2, /--set has no effect on a store/],
    [['inspect', 'random-walk', '--run', 'a'], 2, /--run has no effect on a scenario/],
    [['inspect', store, '--run', 'none'], 2, /has no run 'none'/],
    [['compare', store, 'random-walk'], 2, /a store and two runs/],
    [['prune', store], 2, /not told what to keep/],
    [['prune', store, '--keep-last', '3', '--delete'], 2, /not told what to keep/],
  ] as const) {
    const ended = await populace(argv)
    t.equal(ended.code, code, argv.join(' '))
    t.match(ended.stderr, text)
  }
})

// docs/state.md held against the code: its examples run as a user would run them, its tables are those of the code, and
// a reader of snapshots that is written from the page alone finds in them what the library does.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { unpack } from 'msgpackr'
import { test } from 'tap'
import { resolveResumeOptions, resolveSimulationOptions } from '../../lib/core/options.js'
import { Simulation, StateSnapshot } from '../../lib/index.js'
import { ARRAY_OF, bytesOf } from '../../lib/memory/arrays.js'
import type { Kind } from '../../lib/memory/column-types.js'
import { sectionBytes } from '../../lib/state/image.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import { columnChange, type SchemaColumn } from '../../lib/state/schema.js'
import { EXAMPLES, plain } from '../fixtures/example-runs.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const page = await readFile(join(ROOT, 'docs/state.md'), 'utf8')
const node = promisify(execFile)
const REGIONS = new URL('../fixtures/regions.js', import.meta.url)

function examplesOf(text: string): Map<string, string> {
  return new Map([...text.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, name, code]) => [name, code]))
}

/** Rows of the tables below a heading: their cells, without backquotes and commas. */
function rowsBelow(heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n${heading}\n`)).split(/\n##+ /)[1]
  const rows = section.split('\n').filter(line => line.startsWith('| `'))
  return rows.map(row => row.slice(2, -2).split(' | ')).map(cells => cells.map(c => c.replaceAll(/[`,]/g, '').trim()))
}

test('the examples run, and the command line goes on with what they stored', async t => {
  const examples = examplesOf(page)
  t.strictSame([...examples.keys()], ['keep.js', 'go-on.js', 'look-back.js', 'look.js'])
  const scenario = examplesOf(await readFile(join(ROOT, 'README.md'), 'utf8')).get('sir.js')
  const folder = t.testdir({ node_modules: {}, 'package.json': '{ "type": "module" }', 'sir.js': scenario ?? '' })
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  for (const [name, code] of examples) await writeFile(join(folder, name), code)
  const run = async (...argv: string[]) => (await node(process.execPath, argv, { cwd: folder })).stdout
  const populace = async (...argv: string[]) =>
    JSON.parse(await run(join(ROOT, 'dist/lib/cli/main.js'), ...argv, '--json'))
  const straight = await populace('run', './sir.js', '--seed', '7', '--workers', '0')

  const kept = (await run('keep.js')).trim()
  t.match(kept, /^\{ tick: 50 \} [0-9a-f]{16}$/)
  t.equal(await run('go-on.js'), `50\n${straight.hash}\n${kept.slice(-16)}\n`)
  const again = page.match(/npx populace (run .*)/)?.[1].split(' ') ?? []
  t.match(await populace(...again), { from: 50, ticks: 100, hash: straight.hash })
  const inspect = page.match(/npx populace (inspect [^#]*?) +#/)?.[1].split(' ') ?? []
  t.match(await populace(...inspect), { state: { tick: 100, hash: straight.hash } })
  const replay = page.match(/npx populace (replay [^#]*?) +#/)?.[1].split(' ') ?? []
  t.match(await populace(...replay), { ok: true, ticks: 100, hash: straight.hash })

  t.match(
    await run('look-back.js'),
    /^sir sir 7 (\d+)\n\1 undefined\n\{ compared: \1, equalAt: 100, differs: undefined \}\n$|^sir sir 7 (\d+)\n\2 undefined\n\{ compared: \2, equalAt: 100 \}\n$/,
  )
  t.match(await run('look.js'), /^10 true true\n100000 \{ id: 1, home: \d+, state: '[SIR]' \}\n$/)
})

test('the tables of options have the names and defaults of the code', async t => {
  const known = Object.keys(resolveResumeOptions({ store: 'memory:', tick: 1, run: 'r', as: 'a' }, 'resume'))
  const options = rowsBelow('## In five minutes').map(([name]) => name)
  for (const name of known.filter(name => !['workers', 'checks', 'limits'].includes(name)))
    t.ok(options.includes(name), name)
  const { checkpoint } = resolveSimulationOptions({ checkpoint: {} })
  for (const [name, value] of rowsBelow('### Checkpoints and retention'))
    t.equal(value, String(checkpoint?.[name as 'everyTicks'] ?? 'none'), name)
})

test('the table of kinds is what columns are widened to', async t => {
  const column = (kind: Kind): SchemaColumn => {
    return { name: 'c', kind, size: 1, doc: false, reset: false, unit: 1, index: false }
  }
  const wider = new Map(rowsBelow('## Scenarios that change').map(([kind, into]) => [kind, into.split(' ')]))
  const kinds = Object.keys(ARRAY_OF) as Kind[]
  for (const from of kinds) {
    for (const to of kinds) {
      const load = () => columnChange('p', column(from), column(to))
      if (from === to || wider.get(from)?.includes(to)) t.strictSame(load(), {}, `${from} is loaded into ${to}`)
      else t.throws(load, { code: 'SNAPSHOT_SCHEMA' }, `${from} is not loaded into ${to}`)
    }
  }
})

type Entry = [path: string[], kind: Kind, count: number, lengths: number[], digests: Uint8Array, seals: Uint8Array]

const sha256 = (...parts: Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

/** Undoes planes: all first bytes, then all second bytes, and so on. */
function fromPlanes(planes: Uint8Array, width: number): Buffer {
  const values = Buffer.alloc(planes.length)
  for (let i = 0; i < planes.length; i++)
    values[(i % (planes.length / width)) * width + Math.floor(i / (planes.length / width))] = planes[i]
  return values
}

/** A chunk's values, as the page says; `base`: what lies at its place in the base. */
function chunkOf(stored: Uint8Array, [path, kind]: Entry, base: Uint8Array): Buffer {
  const part = path[2]
  const values = fromPlanes(gunzipSync(stored.subarray(1)), ['documents', 'names'].includes(part) ? 1 : bytesOf(kind))
  if (stored[0] === 1) for (let i = 0; i < values.length; i++) values[i] ^= base[i] ?? 0
  else if (part === 'slot')
    for (let i = 4; i < values.length; i += 4)
      values.writeInt32LE((values.readInt32LE(i) + values.readInt32LE(i - 4)) | 0, i)
  return values
}

/** Reads a snapshot or diff by docs/state.md. */
function read(file: Buffer, base: ReadonlyMap<string, Buffer>) {
  if (file.toString('latin1', 0, 8) !== 'POPULACE' || file.readUInt32LE(8) !== 1) throw new Error('no snapshot')
  const end = 16 + file.readUInt32LE(12)
  if (!sha256(file.subarray(0, end)).equals(file.subarray(end, end + 32))) throw new Error('the head is altered')
  const { head, table, base: from } = unpack(file.subarray(16, end)) as { head: object; table: Entry[]; base?: object }
  const sections = new Map<string, Buffer>()
  const modes = new Set<number>()
  let at = end + 32
  for (const entry of table) {
    const [path, , , lengths, digests, seals] = entry
    const name = path.filter(word => word !== '').join(' ')
    const chunks = lengths.map((length, i) => {
      const stored = file.subarray(at, at + length)
      const before = base.get(name)?.subarray(i * 262_144, (i + 1) * 262_144) ?? Buffer.alloc(0)
      at += length
      modes.add(length === 0 ? -1 : stored[0])
      const values = length === 0 ? before : chunkOf(stored, entry, before)
      const seal = Buffer.from(seals.subarray(i * 8, i * 8 + 8))
      if (length > 0 && !seal.equals(sha256(stored).subarray(0, 8))) throw new Error(`${name} is altered`)
      const digest = Buffer.from(digests.subarray(i * 16, i * 16 + 16))
      if (!digest.equals(sha256(values).subarray(0, 16))) throw new Error(`${name} came out as something else`)
      return values
    })
    sections.set(name, Buffer.concat(chunks))
  }
  if (at !== file.length) throw new Error('the file has another length')
  return { head, table, from, sections, modes }
}

/** Whether the page has a section of such a path. */
function documented(path: readonly string[], kind: string): boolean {
  return rowsBelow('## What is in a state').some(([name, its]) => {
    const words = name.split(' ')
    const own = path.filter(word => word !== '')
    const same = words.length === own.length && words.every((word, i) => /^[A-Z]$/.test(word) || word === own[i])
    return same && (its === kind || its === 'its own')
  })
}

test('a reader written from the page reads a checkpoint of a world in which somebody sleeps', async t => {
  const store = new MemoryStore('state-docs')
  const params = { asleep: 4, social: 0, restless: 0 }
  const sim = await Simulation.create(REGIONS, { workers: 0, params, store: store.url, run: 'one' })
  await sim.run({ ticks: 3 })
  await sim.checkpoint()
  await sim.close()
  const first = read(Buffer.from(await store.readCheckpoint('one', 0)), new Map())
  const { head, table, sections } = read(Buffer.from(await store.readCheckpoint('one', 3)), first.sections)
  const { apart } = head as { apart: string[] }
  t.strictSame(unpack((await store.readBlob('one', 'checkpoint/3/frozen/')) ?? new Uint8Array(0)), apart)
  const all = new Set(table.map(([path]) => path.slice(0, 3).join(' ')))
  for (const name of ['frozen folk where', 'partitions  measure']) t.ok(all.has(name), name)
  for (const [path, kind] of table) if (!documented(path, kind)) t.fail(`${path} of ${kind} is not on the page`)
  const where = sections.get('frozen folk where') ?? Buffer.alloc(0)
  for (const key of apart) {
    const [, partition] = key.split('/')
    const rows = read(Buffer.from((await store.readBlob('one', key)) ?? new Uint8Array(0)), new Map())
    for (const [path, kind] of rows.table)
      if (!documented(['agents', ...path.slice(1)], kind)) t.fail(`${path} of ${kind} is not on the page`)
    const slots = rows.sections.get('frozen folk slot') ?? Buffer.alloc(0)
    const asleep = Array.from({ length: slots.length / 4 }, (_, i) => where.readUInt32LE(slots.readUInt32LE(i * 4) * 4))
    t.ok(asleep.length > 0 && asleep.every(word => word === Number(partition) + 1), key)
  }
})

test('a reader written from the page reads a snapshot and a diff', async t => {
  const modes = new Set<number>()
  for (const example of EXAMPLES.filter(e => ['town', 'market', 'wolf-sheep'].includes(e.name))) {
    const sim = await Simulation.create(plain(example), { workers: 0, seed: 7, params: example.params })
    await sim.run({ ticks: 3 })
    const first = await StateSnapshot.create(sim)
    await sim.run({ ticks: 2 })
    const second = await StateSnapshot.create(sim)
    await sim.close()
    const whole = read(Buffer.from(first.compressedData), new Map())
    const diff = read(Buffer.from((await second.createDiff(first)).compressedData), whole.sections)
    t.strictSame(diff.from, { tick: first.tick, id: first.id })
    for (const [{ state }, { head, table, sections }] of [
      [first, whole],
      [second, diff],
    ] as const) {
      t.strictSame(Object.keys(head).sort(), [
        'blocks',
        'commands',
        'params',
        'scenario',
        'schema',
        'seed',
        'shed',
        'tick',
      ])
      for (const [path, kind] of table) if (!documented(path, kind)) t.fail(`${path} of ${kind} is not on the page`)
      for (const section of state.image.sections) {
        const name = section.path.filter(word => word !== '').join(' ')
        const same =
          Buffer.compare(sectionBytes(state.image.buffer, section), sections.get(name) ?? Buffer.alloc(0)) === 0
        if (!same) t.fail(`${example.name}: ${name} at tick ${state.tick}`)
      }
    }
    for (const mode of [...whole.modes, ...diff.modes]) modes.add(mode)
    t.pass(`${example.name}: ${whole.table.length} sections`)
  }
  t.strictSame([...modes].sort(), [-1, 0, 1], 'chunks of each mode were read')
})

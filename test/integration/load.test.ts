// `npm run load` as the command that it is: a short load, what it prints and writes, its exit codes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Work } from '../../bench/harness.js'
import { grouped } from '../../lib/cli/numbers.js'
import { EventReader } from '../load/event-readers.js'
import { LOADS } from '../load/loads.js'

async function load(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['dist/test/load/main.js', ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await ended) as [number | null]
  return { code, stdout, stderr }
}

t.test('a load prints its table, writes its figures and its account, and ends with 0', async t => {
  const json = join(t.testdir(), 'load.json')
  const { code, stdout } = await load(['--smoke', '--only', 'bus', '--npcs', '500', '--seconds', '0.1', '--json', json])
  t.equal(code, 0)
  t.match(stdout, /│ +│ count │ a second │ p50 ms │ p99 ms │ p99\.9 ms │ max ms │ dropped │/)
  for (const strategy of ['block', 'drop', 'log']) t.match(stdout, new RegExp(`│ ${strategy}, 500 NPCs +│ +\\d+ │`))
  const { machine, loads } = JSON.parse(readFileSync(json, 'utf8'))
  t.match(machine, { node: process.version, arch: process.arch, cores: Number })
  t.match(loads, [{ name: 'bus', right: true, effort: { smoke: true, npcs: [500], seconds: 0.1 } }])
  const [{ rows, account }] = loads as [{ rows: { count: number; latency: { count: number } }[]; account: Work[] }]
  t.equal(rows.length, 3)
  for (const { count, latency } of rows) t.ok(count > 0 && latency.count === count)
  t.match(stdout, `work checked: ${account.length} of ${account.length} right`)
  for (const { what, found, expected } of account) t.equal(found, expected, what)
})

t.test('a load that does not come to its end fails the run, and says so', async t => {
  const json = join(t.testdir(), 'load.json')
  const env = { POPULACE_REDIS_URL: 'no address' }
  const { code, stdout } = await load(['--smoke', '--only', 'http', '--npcs', '100', '--json', json], env)
  t.equal(code, 1)
  t.match(stdout, 'FAILED  load http ended with code 1')
  t.match(JSON.parse(readFileSync(json, 'utf8')), { loads: [{ name: 'http', right: false, failed: String }] })
})

t.test('wrong usage ends with 2 and says what there is, before anything is run', async t => {
  for (const [argv, problem] of [
    [['--only', 'nothing'], "There is no load 'nothing'."],
    [['--npcs', '99'], '--npcs 99 is out of its bounds.'],
    [['--npcs', '1e9'], '--npcs 1e9 is out of its bounds.'],
    [['--npcs', ''], '--npcs  is out of its bounds.'],
    [['--seconds', '0'], '--seconds 0 is out of its bounds.'],
    [['--seconds', 'many'], '--seconds many is out of its bounds.'],
    [['--smock'], "Unknown option '--smock'"],
    [['bus'], "Unexpected argument 'bus'"],
  ] as const) {
    const { code, stdout, stderr } = await load(argv)
    t.equal(code, 2, argv.join(' '))
    t.equal(stdout, '')
    t.match(stderr, problem)
    t.match(stderr, /Usage: npm run load .*\nLoads: http, bus, queue, cache, pool\n$/)
  }
})

t.test('docs/load.md says which loads there are, in their order, and over how many NPCs they go', async t => {
  const page = readFileSync('docs/load.md', 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \|(.*)$/gm)]
  t.strictSame(
    rows.map(([, name]) => name),
    LOADS.map(({ name }) => name),
  )
  const shown = (npcs: number) => (npcs === 1_000_000 ? '1M' : grouped(npcs))
  for (const [i, [, name, text]] of rows.entries()) for (const n of LOADS[i].npcs) t.match(text, shown(n), name)
})

t.test('a reader of events notices those that it was neither told nor told to have missed', async t => {
  const event = (n: number) => `id: ${n}\ndata: {"topic":"savers.event.bought"}\n\n`
  const tick = (n: number) => `id: ${n}\ndata: {"topic":"savers.tick"}\n\n`
  const missed = (n: number) => `event: missed\ndata: ${n}\n\n`
  const streams: Record<string, string> = {
    '/whole': `: here\n\n${event(5)}${tick(6)}${event(7)}${missed(3)}${event(11)}`,
    '/lost': `${event(5)}${event(7)}${event(8)}`,
    '/lost-more': `${event(5)}${missed(1)}${event(8)}`,
    '/twice': `${event(5)}${event(5)}`,
  }
  const server = createServer(({ url }, answer) => {
    const stream = streams[url!]
    answer.write(stream.slice(0, 7)) // in two pieces, cut anywhere
    setImmediate(() => answer.end(stream.slice(7)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const found: Record<string, number[]> = {}
  for (const path of Object.keys(streams)) {
    const reader = await EventReader.open(`http://127.0.0.1:${port}${path}`)
    await reader.ended()
    found[path] = [reader.told, reader.missed, reader.gaps]
  }
  t.strictSame(found, { '/whole': [3, 3, 0], '/lost': [3, 0, 1], '/lost-more': [2, 1, 1], '/twice': [2, 0, 1] })
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fixture, populace } from './cli-process.js'

const EPIDEMIC = fixture('small-epidemic')
const json = (text: string) => JSON.parse(text) as Record<string, never>

t.test('--json prints one object on standard output, though the scenario prints too', async t => {
  const { code, stdout, stderr } = await populace(['run', EPIDEMIC, '--ticks', '20', '--seed', '7', '--json'])
  t.equal(code, 0)
  t.match(stderr, 'setting up')
  t.equal(stdout.split('\n').length, 2, 'one line')
  t.match(json(stdout), {
    scenario: 'small-epidemic',
    seed: 7,
    ticks: 20,
    ended: 'ticks',
    agents: 1004,
    populations: { town: 4, person: 1000 },
    params: { people: 1000, beta: 0.4, mode: 'calm', curfew: false },
    agentUpdates: 20 * 3 * 1000,
    hash: /^[0-9a-f]{16}$/,
    hashes: { town: /^[0-9a-f]{16}$/, person: /^[0-9a-f]{16}$/ },
    seconds: Number,
    agentUpdatesPerSecond: Number,
    measures: { S: Number, states: [Number, Number, Number] },
  })
})

t.test('a measure of no agents is null in JSON', async t => {
  const { stdout } = await populace(['run', EPIDEMIC, '--ticks', '0', '--workers', '0', '--json'])
  t.equal(json(stdout).measures['days'], null)
})

t.test('the hash is the same on any number of workers, and another with other parameters', async t => {
  const hashes: unknown[] = []
  for (const more of [
    ['--workers', '0'],
    ['--workers', '1'],
    ['--workers', '3'],
    ['--checks'],
    ['--set', 'beta=0.5'],
  ]) {
    hashes.push(json((await populace(['run', EPIDEMIC, '--ticks', '10', '--json', ...more])).stdout).hash)
  }
  t.equal(new Set(hashes.slice(0, 4)).size, 1)
  t.not(hashes[4], hashes[0])
})

t.test('parameters are parsed by their type', async t => {
  const set = ['--set', 'people=1_000', '--set', 'mode=wild', '--set', 'curfew=true', '--set', 'beta=2e-1']
  const { stdout } = await populace(['run', EPIDEMIC, '--ticks', '1', '--workers', '0', '--json', ...set])
  t.same(json(stdout).params, { people: 1000, mode: 'wild', curfew: true, beta: 0.2 })
})

t.test('the summary is a table and a chart', async t => {
  const { code, stdout, stderr } = await populace(['run', EPIDEMIC, '--ticks', '40', '--workers', '2'])
  t.equal(code, 0)
  t.equal(stderr, '', 'no progress where there is no terminal')
  for (const text of ['small-epidemic', 'agents: person', 'agent-updates/s', 'person:  S  I  R', 'tick 0'])
    t.ok(stdout.includes(text), text)
  t.notOk(stdout.includes('\u001b'), 'no colours where there is no terminal')
  const quiet = await populace(['run', EPIDEMIC, '--ticks', '2', '--workers', '0', '--quiet'])
  t.equal(quiet.stdout, 'setting up\n', 'quiet leaves what the scenario prints')
})

t.test('the csv has a header and one row a tick, while the run waits for the file', async t => {
  const file = join(t.testdir(), 'measures.csv')
  const ticks = 1500 // rows of some 40 bytes: several times what a stream takes before it says that it is behind
  const argv = ['run', fixture('endless-epidemic'), '--ticks', String(ticks), '--workers', '1', '--json']
  const { stdout } = await populace([...argv, '--csv', file])
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  t.equal(lines[0], 'tick,S,I,R,days,states.S,states.I,states.R,spans.0,spans.10')
  t.strictSame(
    lines.slice(1).map(line => Number(line.split(',')[0])),
    Array.from({ length: ticks }, (_, i) => i + 1),
  )
  t.equal(json(stdout).ended, 'ticks')
  t.equal(json(stdout).hash, json((await populace(argv)).stdout).hash, 'writing it changes nothing')
})

t.test('the csv ends where the scenario ends itself', async t => {
  const file = join(t.testdir(), 'measures.csv')
  const argv = ['run', EPIDEMIC, '--ticks', '100000', '--set', 'people=100', '--workers', '1', '--json', '--csv', file]
  const { ticks, ended } = json((await populace(argv)).stdout)
  t.equal(ended, 'until')
  t.equal(readFileSync(file, 'utf8').trimEnd().split('\n').length - 1, ticks)
})

t.test('a csv that cannot be written is an error', async t => {
  const argv = ['run', EPIDEMIC, '--workers', '0', '--ticks', '5', '--csv']
  const nowhere = await populace([...argv, join(t.testdir(), 'missing', 'x.csv')])
  t.equal(nowhere.code, 2)
  t.match(nowhere.stderr, 'USAGE')
  if (!existsSync('/dev/full')) return
  const full = await populace([...argv, '/dev/full'])
  t.equal(full.code, 1)
  t.match(full.stderr, 'OUTPUT_FAILED')
})

t.test('a run that fails exits 1 with code and remedy, and prints no object', async t => {
  const { code, stdout, stderr } = await populace(['run', fixture('failing-kernel'), '--json', '--workers', '2'])
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^populace: ENGINE_FAILED: .*'step'.*tick 3.*the bridge is out.*Mend/)
})

t.test('a tick without end is ended by --timeout', async t => {
  const { code, stderr } = await populace(['run', fixture('endless'), '--set', 'spin=true', '--timeout', '300'])
  t.equal(code, 1)
  t.match(stderr, 'TICK_TIMEOUT')
})

t.test('a signal ends the run between two ticks, sums it up and leaves no thread behind', async t => {
  const argv = ['run', fixture('endless'), '--ticks', '1000000000', '--workers', '2', '--json']
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const ended = await populace(argv, { signal, at: 'ticking' })
    t.equal(ended.code, code)
    t.equal(json(ended.stdout).ended, signal)
    t.ok(json(ended.stdout).ticks > 5)
  }
})

t.test('a signal in setup ends the process at once', async t => {
  const argv = ['run', fixture('endless'), '--set', 'hang=true', '--workers', '1']
  t.equal((await populace(argv, { signal: 'SIGINT', at: 'setting up' })).code, 130)
})

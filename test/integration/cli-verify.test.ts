import t from 'tap'
import { fixture, populace } from './cli-process.js'

t.test('verify tells that a scenario gives the same bits', async t => {
  const argv = ['verify', fixture('small-epidemic'), '--ticks', '5', '--workers', '0,2', '--set', 'people=500']
  const { code, stdout, stderr } = await populace(argv)
  t.equal(code, 0)
  t.match(stdout, 'the same bits in all 4 runs')
  t.notMatch(stderr, 'populace:')
  const report = JSON.parse((await populace([...argv, '--json'])).stdout) as { ok: boolean; runs: unknown[] }
  t.match(report, { ok: true, scenario: 'small-epidemic', ticks: 5, runs: Array(4).fill({ hash: String }) })
})

t.test('verify exits 1 on a scenario that cheats, and names engine and column', async t => {
  const argv = ['verify', fixture('neighbour-writer'), '--ticks', '3', '--workers', '0,2']
  const { code, stderr } = await populace(argv)
  t.equal(code, 1)
  t.match(stderr, /'cheat'/)
  t.match(stderr, /steps/)
  const json = await populace([...argv, '--json'])
  t.equal(json.code, 1)
  t.match(JSON.parse(json.stdout), { ok: false, scenario: 'neighbour-writer' })
})

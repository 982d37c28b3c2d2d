import t from 'tap'
import { benchSuite } from '../../lib/cli/bench-suite.js'
import { fixture, populace } from './cli-process.js'

const ARGV = ['bench', fixture('small-epidemic'), '--ticks', '3', '--rounds', '2', '--workers', '0,1,2']

t.test('bench measures each number of workers on the same work', async t => {
  const { code, stdout } = await populace(ARGV)
  t.equal(code, 0)
  t.match(stdout, /0 \(inline\).*1\.00x/)
  t.match(stdout, 'Medians of 2 rounds of 3 ticks; the same hash in all')
  const json = JSON.parse((await populace([...ARGV, '--json'])).stdout) as { results: { hash: string }[] }
  t.match(json, { scenario: 'small-epidemic', rounds: 2, ticks: 3, results: [0, 1, 2].map(workers => ({ workers })) })
  t.equal(new Set(json.results.map(r => r.hash)).size, 1)
})

t.test('without a scenario the suite of the checkout is run with the same arguments', async t => {
  const folder = t.testdir({ 'suite.mjs': "process.exit(process.argv[2] === '--smoke' ? 7 : 8)\n" })
  t.equal(await benchSuite(['--smoke'], new URL(`file://${folder}/suite.mjs`)), 7)
  await t.rejects(benchSuite([], new URL(`file://${folder}/none.mjs`)), { code: 'USAGE' })
})

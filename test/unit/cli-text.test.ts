import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { csvHeader, csvRow } from '../../lib/cli/csv.js'
import { errorText, exitCodeOf } from '../../lib/cli/output.js'
import { OutputFile } from '../../lib/cli/output-file.js'
import { exampleNames, scenarioUrl } from '../../lib/cli/scenario-source.js'
import { dot, mermaid } from '../../lib/cli/schedule-graph.js'
import { paramHelp } from '../../lib/cli/settings.js'
import { differenceText } from '../../lib/cli/verify.js'
import { PopulaceError } from '../../lib/core/errors.js'
import { bool, count, definePopulation, defineScenario, f64, histogram, mean } from '../../lib/index.js'
import { scenarioData } from '../../lib/run/scenario.js'

const agent = definePopulation('agent', { capacity: 1, columns: { height: f64(), awake: bool() } })
const data = scenarioData(
  defineScenario({
    name: 'words',
    populations: [agent],
    engines: [],
    measures: {
      'all, of them': count(agent),
      tall: histogram(agent, 'height', { from: 0, to: 0.3, bins: 3 }),
      7: mean(agent, 'height'),
      awake: histogram(agent, 'awake'),
    },
    setup() {},
  }),
)

if (!data) throw new Error('a scenario has its description')
const scenario = data

t.test('csv rows follow their header, whatever the measures are named', async t => {
  t.equal(csvHeader(scenario), 'tick,7,"all, of them",tall.0,tall.0.1,tall.0.2,awake.-0.5,awake.0.5\n')
  const measures = { tall: [1, 2, 3], 7: Number.NaN, 'all, of them': 5, awake: [0, 9] }
  t.equal(csvRow(3, scenario, measures), '3,,5,1,2,3,0,9\n')
})

t.test('an output file says when it is behind, and writes all it was given', async t => {
  const path = join(t.testdir(), 'out.txt')
  const file = await OutputFile.open(path, '--csv')
  const chunk = 'x'.repeat(1000)
  let behind = 0
  for (let i = 0; i < 100; i++) {
    if (file.write(chunk)) continue
    behind++
    t.equal(await file.catchUp(), true)
    t.equal(await file.catchUp(), false)
  }
  await file.close()
  t.ok(behind > 0)
  t.equal(readFileSync(path, 'utf8'), chunk.repeat(100))
})

t.test('built-in examples are the modules that export a scenario by default', async t => {
  const folder = t.testdir({
    'life.js': '// Life.\nexport default defineScenario({})\n',
    'geography.js': 'export const cities = []\n',
    'life.d.ts': 'export default life\n',
  })
  const examples = pathToFileURL(`${folder}/`)
  t.strictSame(exampleNames(examples), ['life'])
  t.strictSame(exampleNames(pathToFileURL(`${folder}/none/`)), [])
  t.equal(scenarioUrl('life', examples).href, new URL('life.js', examples).href)
  t.throws(() => scenarioUrl('lief', examples), { code: 'SCENARIO_NOT_LOADABLE', remedy: /did you mean 'life'/ })
  t.throws(() => scenarioUrl('geography', examples), { code: 'SCENARIO_NOT_LOADABLE' })
})

t.test('errors are shown with code, remedy and the place of their cause; others with their stack', async t => {
  const cause = new Error('inner')
  const text = errorText(new PopulaceError('ENGINE_FAILED', 'A kernel threw', 'Mend it.', cause))
  t.match(text, /^populace: ENGINE_FAILED: A kernel threw\. Mend it\.\n +at .*\n$/)
  t.equal(errorText(new PopulaceError('USAGE', 'What', 'Do.')), 'populace: USAGE: What. Do.\n')
  t.match(errorText(cause), /^populace: Error: inner\n +at /)
  t.equal(errorText('thrown text'), 'populace: thrown text\n')
  t.equal(exitCodeOf(new PopulaceError('PARAM_UNKNOWN', 'a', 'b')), 2)
  t.equal(exitCodeOf(new PopulaceError('SCENARIO_NOT_LOADABLE', 'a', 'b')), 1)
  t.equal(exitCodeOf(cause), 1)
})

t.test('a difference is told in words, with or without an engine and an agent', async t => {
  const run = { workers: 2, checks: false, population: 'person', expected: '1', found: '2' }
  t.equal(
    differenceText({ ...run, tick: 4, engine: 'walk', column: 'x', agent: 7 }),
    "The run (2 workers) differs from the plain inline run in tick 4, by engine 'walk': 'person.x' of agent 7 should be 1, and is 2.",
  )
  t.equal(
    differenceText({ ...run, checks: true, workers: 0, tick: -1, engine: undefined, column: 'id', agent: undefined }),
    "The run (inline, checked) differs from the plain inline run in setup: the agents of 'person' should be 1, and is 2.",
  )
})

t.test('names are quoted in graphs', async t => {
  const engine = {
    name: 'say "hi"',
    kind: 'kernel' as const,
    population: 'a',
    reads: [],
    writes: [],
    senses: [],
    views: [],
    effects: [],
    ...{
      claims: [],
      outcomes: [],
      sends: [],
      receives: [],
      emits: [],
      asks: [],
      hears: [],
      spawns: [],
      fates: [],
      sheds: false,
    },
    dependencies: [],
    priority: 0,
    every: 1,
    phase: 0,
    oneBlockIn: 1,
  }
  const stages = [
    { kind: 'stage' as const, engines: [engine] },
    { kind: 'main' as const, engines: [{ ...engine, name: 'b', dependencies: ['say "hi"'] }], barrier: 'a "why"' },
  ]
  t.equal(
    mermaid(stages),
    [
      'flowchart TD',
      '  subgraph s0["stage 1"]',
      '    e0["say #quot;hi#quot;<br/>a"]',
      '  end',
      '  subgraph s1["stage 2: main thread"]',
      '    e1["b<br/>a"]',
      '  end',
      '  s0 ==>|"a #quot;why#quot;"| s1',
      '  e0 -.-> e1',
      '',
    ].join('\n'),
  )
  t.match(dot('x', stages), 'e0 [label="say \\"hi\\"\\na"]')
  t.match(dot('x', stages), 'e0 -> e1 [ltail=cluster_0, lhead=cluster_1, label="a \\"why\\""]')
})

t.test('a scenario without parameters says so', async t => {
  t.equal(paramHelp('life', {}), "\n'life' has no parameters.\n")
})

import t from 'tap'
import { fixture, populace } from './cli-process.js'

const EPIDEMIC = fixture('small-epidemic')

t.test('inspect shows stages, barriers with their reasons, columns and bytes', async t => {
  const { code, stdout } = await populace(['inspect', EPIDEMIC, '--set', 'people=100000'])
  t.equal(code, 0)
  for (const text of [
    'small-epidemic: 3 stages a tick',
    "barrier: 'infect' senses town.infected, which 'census' changes when it ends",
    'recover over person  [after census]',
    'watch (main thread)  [every 10 ticks]',
    'person: capacity 100,000',
    'enumeration of 3',
    'index of town',
    'of address space reserved',
  ])
    t.ok(stdout.includes(text), text)
})

t.test('inspect shows sorted views, what they go by and which engines look at them', async t => {
  const { stdout } = await populace(['inspect', fixture('sights')])
  for (const text of [
    "views    grid 'ground'",
    'views    person by home, person where state = 1',
    "grid 'ground': of person, goes by x, y, copies x, y, mood; 144 runs of up to 3,600 rows in all",
    'person by friends: of person, goes by friends, copies mood; ',
    "barrier: 'drift' writes person.x, which 'look' senses",
  ])
    t.ok(stdout.includes(text), text)
})

t.test('inspect --json is one object with all of it', async t => {
  const view = JSON.parse((await populace(['inspect', EPIDEMIC, '--json', '--workers', '3'])).stdout) as object
  t.match(view, {
    scenario: 'small-epidemic',
    threads: 3,
    stages: [
      { engines: [{ name: 'census' }, { name: 'recover' }] },
      { engines: [{ name: 'infect' }] },
      { kind: 'main' },
    ],
    ambiguous: [],
    populations: [{ name: 'town' }, { name: 'person', bytesPerRow: 29, bytes: 29_000 }],
    reservedBytes: Number,
  })
})

t.test('inspect draws the schedule for Mermaid and Graphviz', async t => {
  t.match((await populace(['inspect', EPIDEMIC, '--mermaid'])).stdout, /^flowchart TD\n {2}subgraph s0\["stage 1"\]/)
  t.match((await populace(['inspect', EPIDEMIC, '--dot'])).stdout, /^digraph "small-epidemic" \{[\s\S]*\}\n$/)
})

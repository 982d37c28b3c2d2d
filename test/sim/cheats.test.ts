// Checks mode: a scenario that cheats on purpose is caught, and the engine and column are named; an honest one passes.
import t from 'tap'
import { type PopulaceError, Simulation } from '../../lib/index.js'

function cheats(cheat: string): URL {
  const url = new URL('../fixtures/cheats.js', import.meta.url)
  url.searchParams.set('cheat', cheat)
  return url
}

/** Creates the world with checks on, and steps it; what that failed with. */
async function caught(cheat: string, workers: number): Promise<PopulaceError> {
  try {
    const sim = await Simulation.create(cheats(cheat), { workers, checks: true, seed: 1 })
    try {
      await sim.run({ ticks: 2 })
    } finally {
      await sim.close()
    }
  } catch (error) {
    return error as PopulaceError
  }
  throw new Error(`nothing caught '${cheat}'`)
}

const X = /column 'x'/
/** What each cheat of a kernel is told as. */
const KERNEL_CHEATS: readonly (readonly [string, string, RegExp])[] = [
  ['Date.now', 'FORBIDDEN_CALL', /Date\.now was called/],
  ['new Date()', 'FORBIDDEN_CALL', /new Date\(\) was called/],
  ['Date()', 'FORBIDDEN_CALL', /Date\(\) was called/],
  ['performance.now', 'FORBIDDEN_CALL', /performance\.now was called/],
  ['process.hrtime', 'FORBIDDEN_CALL', /process\.hrtime was called/],
  ['process.hrtime.bigint', 'FORBIDDEN_CALL', /process\.hrtime\.bigint was called/],
  ['Math.random', 'FORBIDDEN_CALL', /Math\.random was called/],
  ['crypto.randomUUID', 'FORBIDDEN_CALL', /crypto\.randomUUID was called/],
  ['neighbour in the block', 'CHECK_FAILED', X],
  ['neighbour in the next block', 'CHECK_FAILED', X],
  ['column that is only read', 'CHECK_FAILED', /column 'turn', which it only reads/],
  ['column that is only sensed', 'CHECK_FAILED', /column 'still' of 'person', which it only senses/],
  ['row number kept', 'CHECK_FAILED', X],
  ['sum kept', 'CHECK_FAILED', X],
  ['draw for another row', 'RANDOM_ROW', /came back to draw|drew a random number for row/],
  ['draw for another block', 'RANDOM_ROW', /drew a random number for row/],
  ['come back to a row', 'RANDOM_ROW', /came back to draw|drew a random number for row/],
  ['NaN in a float', 'CHECK_FAILED', /NaN to column 'x'/],
  ['NaN in a fixed', 'CHECK_FAILED', /NaN to column 'money'/],
  ['fraction in an effect', 'EFFECT_INVALID', /person\.count' is sent 0\.5 .*row \d+, agent \d+/],
  ['effect by order', 'CHECK_FAILED', /effects on 'person\.count'/],
]

for (const [cheat, code, what] of KERNEL_CHEATS) {
  t.test(`a kernel is caught: ${cheat}`, async t => {
    const error = await caught(cheat, 0)
    t.equal(error.code, code)
    t.match(error.message, /[Ee]ngine 'cheater'/)
    t.match(error.message, what)
    t.match(error.message, /agent/, 'the agent, or the agents of the block, are named')
  })
}

for (const cheat of ['neighbour in the next block', 'sum kept', 'column that is only sensed', 'Math.random']) {
  t.test(`a kernel on two workers is caught: ${cheat}`, async t => {
    const error = await caught(cheat, 2)
    t.match(error.message, /[Ee]ngine 'cheater'/)
    t.match(error.code, /CHECK_FAILED|FORBIDDEN_CALL/)
  })
}

t.test('the first agent whose NaN is written is named', async t => {
  const error = await caught('NaN in a float', 0)
  t.match(error.message, /agent 22|agents \d+ to \d+/)
})

t.test('a kernel that writes the copy of a column that it senses is caught', async t => {
  const error = await caught('copy of what it senses', 0)
  t.match(error.message, /[Ee]ngine 'copier'.*column 'x' of 'person', which it only senses/)
})

for (const [cheat, what] of [
  ['row of a cell', /'watcher'.*it wrote 'row' of grid 'ground', which it only senses \(agent \d+\)/],
  ['value in a run', /'watcher'.*it wrote column 'still' of person by friend, which it only senses \(agent \d+\)/],
] as const) {
  t.test(`a kernel that writes into a sorted view is caught: ${cheat}`, async t => {
    for (const workers of [0, 2]) t.match((await caught(cheat, workers)).message, what)
  })
}

t.test('a kernel factory that reads a clock is caught', async t => {
  const error = await caught('factory clock', 0)
  t.match(error.message, /engine 'cheater'.*Date\.now/)
})

for (const workers of [0, 1]) {
  for (const [call, name] of [
    ['Math.random', /Math\.random/],
    ['Date.now', /Date\.now/],
  ] as const) {
    t.test(`setup is caught on workers ${workers}: ${call}`, async t => {
      const error = await caught(`setup: ${call}`, workers)
      t.equal(error.code, 'FORBIDDEN_CALL')
      t.match(error.message, name)
      t.match(error.message, /setup/)
    })
    t.test(`a main engine is caught on workers ${workers}: ${call}`, async t => {
      const error = await caught(`main engine: ${call}`, workers)
      t.equal(error.code, 'FORBIDDEN_CALL')
      t.match(error.message, name)
      t.match(error.message, /engine 'steward'/)
    })
  }
}

t.test('a main engine is caught after it waited too', async t => {
  const error = await caught('main engine: after a wait', 0)
  t.equal(error.code, 'FORBIDDEN_CALL')
  t.match(error.message, /engine 'steward'/)
})

t.test('a command that draws from Math.random is refused, told and undone', async t => {
  const options = { workers: 0, checks: true }
  const [plain, sim] = [
    await Simulation.create(cheats('none'), options),
    await Simulation.create(cheats('none'), options),
  ]
  const refused: { name: string; error: Error }[] = []
  sim.on('refused', what => refused.push(what))
  await sim.command('roll' as never, null as never)
  await sim.run({ ticks: 2 })
  await plain.run({ ticks: 2 })
  t.equal(refused.length, 1)
  t.equal(refused[0].name, 'roll')
  t.match(refused[0].error, { code: 'FORBIDDEN_CALL' })
  t.equal(await sim.hash(), await plain.hash())
  await Promise.all([sim.close(), plain.close()])
})

t.test('a host uses clocks and Math.random while a checked simulation is open, runs and calls back', async t => {
  const sim = await Simulation.create(cheats('none'), { workers: 0, checks: true })
  const seen: number[] = []
  const look = () => seen.push(Date.now(), Math.random(), performance.now(), new Date(2000).getTime())
  look()
  sim.on('tick', look, { every: 1 })
  const running = sim.run({ ticks: 20, onProgress: look })
  look()
  await sim.read(look)
  await running
  t.ok(new Date() instanceof Date)
  await sim.close()
  t.ok(seen.length > 40)
  t.ok(seen.every(n => n >= 0))
})

t.test('closing takes the guards away', async t => {
  const before = [Math.random, Date, Date.now, performance.now]
  const sim = await Simulation.create(cheats('none'), { workers: 0, checks: true })
  t.not(Math.random, before[0], 'guarded meanwhile')
  await sim.close()
  t.same(
    [Math.random, Date, Date.now, performance.now].map((f, i) => f === before[i]),
    [true, true, true, true],
  )
})

t.test('an honest world passes, and checks and shuffling change no bit', async t => {
  const hashes = new Set<string>()
  const runs = [
    { workers: 0, checks: false },
    { workers: 0, checks: true },
    { workers: 0, checks: true },
    { workers: 0, checks: true },
    { workers: 1, checks: true },
    { workers: 2, checks: true },
    { workers: 3, checks: false },
  ]
  for (const options of runs) {
    await using sim = await Simulation.create(cheats('none'), { seed: 3, ...options })
    await sim.run({ ticks: 10 })
    hashes.add(await sim.hash())
  }
  t.equal(hashes.size, 1)
})

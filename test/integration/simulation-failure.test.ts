// How a simulation fails: every failure is an error that names its place, nothing hangs, and after close no thread and no
// handle is left. Each case has a process of its own, which has to end by itself.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { Simulation } from '../../lib/index.js'

interface Told {
  readonly code: string
  readonly message: string
  readonly cause?: Told
}

interface Out {
  readonly create?: Told
  readonly run?: Told
  readonly failures: readonly Told[]
  readonly tick: number
  readonly after: readonly (Told | null)[]
  readonly resources: readonly string[]
}

const HOST = fileURLToPath(new URL('../fixtures/host.js', import.meta.url))
const exec = promisify(execFile)

/** Runs a host to its end. It rejects when the process fails or does not end by itself. */
async function host(scenario: string, create: object, flags: readonly string[] = []): Promise<Out> {
  const url = new URL(scenario, new URL('../fixtures/', import.meta.url)).href
  const args = [...flags, HOST, url, JSON.stringify(create), JSON.stringify({ ticks: 10 })]
  const { stdout } = await exec(process.execPath, args, { timeout: 60_000, killSignal: 'SIGKILL' })
  return JSON.parse(stdout) as Out
}

const BLOCK = /engine 'age', tick 3, partition 'north', block 1 of 'person' \(agents 17 to 32\)/

/** A failure of run, by name: workers, options, code, what the message says. */
const RUNS: readonly (readonly [string, readonly number[], object, string, RegExp])[] = [
  ['kernel', [0, 3], {}, 'ENGINE_FAILED', BLOCK],
  ['kernel', [0, 1], { checks: true }, 'ENGINE_FAILED', BLOCK],
  ['main', [0, 2], {}, 'ENGINE_FAILED', /Main engine 'steward' threw in tick 4: no steward today/],
  [
    'main waits',
    [0, 1],
    { limits: { tickTimeoutMs: 200 } },
    'TICK_TIMEOUT',
    /Main engine 'steward' took longer than 200 ms in tick 4/,
  ],
  ['main writes', [0], {}, 'WORLD_READ_ONLY', /'person', which it does not write.* In main engine 'steward', tick 4/],
  ['until', [0, 2], {}, 'ENGINE_FAILED', /until threw after tick 5: no until today/],
  ['exit', [1, 3], {}, 'WORKER_DIED', /process\.exit/],
  ['loop', [2], { limits: { tickTimeoutMs: 300 } }, 'TICK_TIMEOUT', /Tick 3 took longer than 300 ms/],
]

for (const [fail, crews, options, code, message] of RUNS) {
  for (const workers of crews) {
    t.test(
      `${fail} ${JSON.stringify(options)} on workers ${workers}: the run fails, all but close refuses, nothing is left`,
      async t => {
        const out = await host(`failing.js?fail=${encodeURIComponent(fail)}`, { workers, ...options })
        t.equal(out.run?.code, code)
        t.match(out.run?.message, message)
        t.equal(out.failures.length, 1, 'told once')
        t.equal(out.failures[0].code, code)
        for (const refused of out.after) {
          t.equal(refused?.code, 'SIM_FAILED')
          t.equal(refused?.cause?.code, code, 'the first error is the cause')
        }
        t.same(out.resources, [])
      },
    )
  }
}

t.test('a worker that runs out of memory fails the run', async t => {
  const out = await host('failing.js?fail=memory', { workers: 2 }, ['--max-old-space-size=64'])
  t.equal(out.run?.code, 'WORKER_DIED')
  t.match(out.run?.message, /ran out of memory/)
  t.same(out.resources, [])
})

/** A failure of create: scenario, workers, code, what the message says. */
const CREATES: readonly (readonly [string, readonly number[], string, RegExp])[] = [
  ['failing.js?fail=factory', [0, 2], 'ENGINE_FAILED', /kernel factory of engine 'age' threw: no factory today/],
  ['failing.js?fail=no%20loop', [0, 1], 'ENGINE_INVALID', /kernel of engine 'age' gives no loop/],
  ['failing.js?fail=setup', [0, 2], 'SETUP_FAILED', /setup of scenario 'failing' threw: no setup today/],
  ['failing.js?fail=setup%20exit', [2], 'WORKER_DIED', /process\.exit/],
  [
    'failing.js?fail=import',
    [0, 1],
    'SCENARIO_NOT_LOADABLE',
    /failing\.js\?fail=import threw when it was imported: no import today/,
  ],
  ['no-scenario.js', [1], 'SCENARIO_NOT_LOADABLE', /no-scenario\.js exports no scenario by default/],
  ['not-there.js', [0, 1], 'SCENARIO_NOT_LOADABLE', /not-there\.js or something it imports does not exist/],
]

for (const [scenario, crews, code, message] of CREATES) {
  for (const workers of crews) {
    t.test(`${scenario} on workers ${workers}: create fails and leaves nothing`, async t => {
      const out = await host(scenario, { workers })
      t.equal(out.create?.code, code)
      t.match(out.create?.message, message)
      t.same(out.resources, [])
    })
  }
}

for (const workers of [0, 3]) {
  t.test(`an honest world on workers ${workers} runs, closes, and the process ends by itself`, async t => {
    const out = await host('failing.js', { workers })
    t.equal(out.create, undefined)
    t.equal(out.run, undefined)
    t.equal(out.tick, 10)
    t.same(out.resources, [])
  })
}

t.test('close ends a crew whose kernel is in an endless loop, without a time limit', { timeout: 60_000 }, async t => {
  const url = new URL('../fixtures/failing.js?fail=loop', import.meta.url)
  const sim = await Simulation.create(url, { workers: 2 })
  const there = new Promise<void>(resolve => sim.on('tick', ({ tick }) => tick === 3 && resolve(), { every: 1 }))
  const running = sim.run({ ticks: 10 }).catch(error => error)
  await there
  await sim.close()
  t.match(await running, { code: 'SIM_CLOSED' })
})

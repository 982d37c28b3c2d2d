// The host of examples/fastify while its world of 100,000 people steps at full speed, beside the same host whose world stands
// still: how long answers take. All of its parts are at work: people are looked at and given coins, more than it lets through;
// a view comes from the cache, reports from a thread, events go to a subscriber, metrics are scraped. Each round is a life
// of its own, from a start out of the store to SIGTERM, and each start has to find what the last end left.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Simulation } from '../../lib/index.js'
import { ExampleHost, type WorldPoint } from '../../test/fixtures/example-host.js'
import { type BenchCase, interleave, type Line, median, quantile, samplesOf, type Work } from '../harness.js'
import { type Answer, type Load, loadHost, type Route } from '../host-load.js'

const WORLD = new URL('../../examples/fastify/world.js', import.meta.url)
/** Milliseconds by which the p99 of a host may be above that of one with no simulation. */
const MOST = 10

const OK = [200]
const ROUTES: readonly Route[] = [
  { name: 'GET /npcs/:id', connections: 60, path: n => `/npcs/${n + 1}`, statuses: OK },
  {
    name: 'POST /npcs/:id/gifts',
    connections: 30,
    path: n => `/npcs/${n + 1}/gifts`,
    body: { coins: 1 },
    statuses: [202, 429],
  },
  { name: 'GET /wealth', connections: 10, path: () => '/wealth', statuses: OK },
  { name: 'POST /reports', connections: 1, path: () => '/reports', body: {}, statuses: [202] },
  { name: 'GET /metrics', connections: 1, path: () => '/metrics', statuses: OK },
]

const p99 = (answers: readonly Answer[]) => {
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b)
  return quantile(times, 0.99)
}

/** A host that lives once a round, and what it did in all of its lives. */
class Lives {
  readonly loads: Load[] = []
  /** Lives that did not begin where the one before had ended. */
  strange = 0
  /** Ticks and told events of the life that had the fewest. */
  ticks = Number.POSITIVE_INFINITY
  told = Number.POSITIVE_INFINITY
  left: WorldPoint | undefined
  readonly name: string
  readonly store: string
  readonly #flags: readonly string[]
  readonly #seconds: number

  constructor(name: string, folder: string, flags: readonly string[], seconds: number) {
    this.name = name
    this.store = `file:${join(folder, name)}`
    this.#flags = ['--store', this.store, ...flags]
    this.#seconds = seconds
  }

  /** One life; the p99 of its answers. */
  async round(): Promise<number> {
    const host = await ExampleHost.start(this.#flags)
    try {
      if (this.left !== undefined && host.began.hash + host.began.tick !== this.left.hash + this.left.tick)
        this.strange++
      await loadHost(host.url, ROUTES, this.#seconds / 4) // so that code is compiled
      const events = await countEvents(host.url)
      const load = await loadHost(host.url, ROUTES, this.#seconds)
      this.told = Math.min(this.told, events.leave())
      this.left = await host.end()
      this.ticks = Math.min(this.ticks, this.left.tick - host.began.tick)
      this.loads.push(load)
      return p99(load.answers)
    } finally {
      await host.kill()
    }
  }

  lines(rounds: number): Line[] {
    return ROUTES.map(route => ({
      name: `  ${route.name}`,
      unit: 'ms',
      samples: this.loads.slice(-rounds).map(({ answers }) => p99(answers.filter(a => a.route === route))),
    }))
  }

  work(): Work[] {
    const answers = this.loads.flatMap(load => load.answers)
    const wrong = answers.filter(({ route, status }) => !route.statuses.includes(status))
    const unanswered = this.loads.reduce((sum, { errors }) => sum + errors, 0)
    const refused = answers.filter(({ status }) => status === 429).length
    const name = this.name
    return [
      { what: `${name}: requests without an answer`, found: String(unanswered), expected: '0' },
      {
        what: `${name}: answers that nobody meant`,
        found: [...new Set(wrong.map(a => a.status))].join(),
        expected: '',
      },
      {
        what: `${name}: commands were refused`,
        found: String(refused > 0),
        expected: 'true',
      },
      { what: `${name}: lives that did not go on from the last one`, found: String(this.strange), expected: '0' },
    ]
  }
}

/** Reads the stream of events until it is told to leave; then gives how many there were. */
async function countEvents(url: string): Promise<{ leave(): number }> {
  const left = new AbortController()
  const { body } = await fetch(`${url}/events`, { signal: left.signal })
  let told = 0
  const read = async () => {
    for await (const text of body!.pipeThrough(new TextDecoderStream())) told += text.split('\nid: ').length - 1
  }
  read().catch(error => {
    if (!left.signal.aborted) throw error
  })
  return {
    leave: () => {
      left.abort()
      return told
    },
  }
}

export const host: BenchCase = {
  name: 'host',
  about:
    'p99 of the answers of a web server, milliseconds, beside its world at full speed (100,000 people in a full run)',
  rounds: 7,
  async run({ smoke, rounds }) {
    const folder = mkdtempSync(join(tmpdir(), 'populace-bench-'))
    const flags = ['--npcs', smoke ? '2000' : '100000', '--commands-per-second', smoke ? '20' : '50']
    const seconds = smoke ? 1 : 4
    const idle = new Lives('with no simulation', folder, [...flags, '--idle'], seconds)
    const stepping = new Lives('at full speed', folder, flags, seconds)
    const samples = await interleave([idle, stepping], smoke ? 2 : rounds, 0)
    const again = await Simulation.resume(WORLD, { workers: 1, store: stepping.store })
    const { left } = stepping
    const work: Work[] = [
      ...idle.work(),
      ...stepping.work(),
      { what: 'ticks of the host with no simulation', found: String(idle.left?.tick), expected: '0' },
      {
        what: 'the other stepped, and told events, in each round',
        found: String(stepping.ticks > 20 && stepping.told > 0),
        expected: 'true',
      },
      {
        what: 'tick and hash of its world, gone on with',
        found: `${again.tick} ${await again.hash()}`,
        expected: `${left?.tick} ${left?.hash}`,
      },
    ]
    await again.close()
    rmSync(folder, { recursive: true })
    const contenders = [idle, stepping]
    const above = samplesOf(samples, stepping.name).map((ms, i) => ms - samplesOf(samples, idle.name)[i])
    const figure = median(above)
    return {
      lines: contenders.flatMap(each => [
        { name: each.name, unit: 'ms', samples: samplesOf(samples, each.name) },
        ...each.lines(rounds),
      ]),
      targets: [
        {
          claim: `p99 at full speed at most ${MOST} ms above that with no simulation`,
          figure,
          unit: 'ms',
          holds: figure <= MOST,
        },
      ],
      work,
    }
  },
}

// The host of examples/fastify with a large world that steps meanwhile: all its routes are asked at once over HTTP, by more
// than it lets through, and as many listen to its events as may. What it counts, what its journal holds and what clients
// were answered has to agree; then it is ended and started again, and has to be in the state that it left.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { grouped } from '../../lib/cli/numbers.js'
import { makeSequence } from '../../lib/core/sequence.js'
import { openStore } from '../../lib/index.js'
import { readJournal } from '../../lib/state/stored-journal.js'
import { ExampleHost, metricIn } from '../fixtures/example-host.js'
import { EventReader } from './event-readers.js'
import {
  Account,
  type Effort,
  type Load,
  type LoadOutcome,
  MemoryWatch,
  nextTurn,
  type Row,
  Stopwatch,
} from './harness.js'
import { type Answered, ask, type Traffic } from './http-traffic.js'

const RUN = 'savers'
/** What the host is told to let through: less than it is asked for. */
const FLAGS = ['--workers', '1', '--commands-per-second', '20', '--max-tasks', '4', '--checkpoint-every', '2000']
/** Streams of events that it has at once; those who read all events, those who wait for one that never comes. */
const MOST_STREAMS = 100
const READING = 8
const TOO_MANY = 5
/** Gifts in one request, each of what a house costs: so many events come for certain, however small the world. */
const PRESENTS = 100

function trafficOf(npcs: number): readonly Traffic[] {
  const random = makeSequence(Int32Array.of(npcs, 17))
  const somebody = () => 1 + random.int(npcs)
  const gift = () => JSON.stringify({ coins: 1 + random.int(9) })
  const get = { method: 'GET', statuses: [200] } as const
  const post = { method: 'POST' } as const
  return [
    { ...get, route: '/npcs/:id', connections: 8, portion: 400, path: () => `/npcs/${somebody()}` },
    {
      ...{ ...post, route: '/npcs/:id/gifts', connections: 8, portion: 100, statuses: [202, 429] },
      ...{ path: () => `/npcs/${somebody()}/gifts`, body: gift },
    },
    { ...get, route: '/wealth', connections: 4, portion: 100, path: () => '/wealth' },
    { ...get, route: '/metrics', connections: 1, portion: 5, path: () => '/metrics' },
    {
      ...post,
      route: '/reports',
      connections: 8,
      portion: 40,
      statuses: [202, 503],
      path: () => '/reports',
      body: () => '{}',
    },
  ]
}

/** As many streams as may be, and some more that are refused. */
async function openStreams(url: string): Promise<{ all: EventReader[]; quiet: EventReader[]; refused: EventReader[] }> {
  const open = (count: number, topic: string) =>
    Promise.all(Array.from({ length: count }, () => EventReader.open(`${url}/events?topic=${topic}`)))
  const all = await open(READING, 'savers.**')
  const quiet = await open(MOST_STREAMS - READING, 'savers.event.sold')
  return { all, quiet, refused: await open(TOO_MANY, 'savers.**') }
}

const component = (name: string, figure: string) => `populace_component{component="${name}",figure="${figure}"}`

/** The world's tick, as the host says. */
async function tickOf(host: ExampleHost): Promise<number> {
  const { body } = await host.ask('/healthz')
  return (body as { tick: number }).tick
}

/** Waits until every report that was accepted is done; how many were, and how many are. */
async function reportsOf(host: ExampleHost): Promise<{ accepted: number; done: number; failed: number }> {
  const figure = async (name: string) => (await host.metric(component('tasks', name))) ?? Number.NaN
  for (;;) {
    const [accepted, done, failed] = [await figure('accepted'), await figure('done'), await figure('failed')]
    if (!(done + failed < accepted)) return { accepted, done, failed }
    await nextTurn()
  }
}

/** Commands in the journal of the run that a store has. */
async function journaled(store: string): Promise<number> {
  const opened = await openStore(store)
  try {
    return (await readJournal(opened, RUN, 0)).filter(([, { kind }]) => kind === 'command').length
  } finally {
    await opened.close()
  }
}

/** Answers of a route, held to what the host counts and to what it may answer. */
function addAnswers(account: Account, scraped: string, traffic: Traffic, answered: Answered): void {
  const { route, statuses, portion } = traffic
  const { byStatus, errors, count } = answered
  const wanted = statuses.reduce((sum, status) => sum + (byStatus.get(status) ?? 0), 0)
  account.add(`${route}: answered with ${statuses.join(' or ')}`, wanted, count)
  account.add(`${route}: connections that broke, answers that never came`, errors, 0)
  account.add(`${route}: requests beyond whole portions`, count % portion, 0)
  for (const status of statuses) {
    const counted = metricIn(scraped, `host_requests_total{route="${route}",status="${status}"}`) ?? 0
    account.add(`${route}: ${status}, as the host counts`, counted, byStatus.get(status) ?? 0)
  }
}

function rowOf(name: string, { count, seconds, latency, byStatus }: Answered, besides: Row['besides'] = {}): Row {
  const of = (...statuses: number[]) => statuses.reduce((sum, status) => sum + (byStatus.get(status) ?? 0), 0)
  const known = { ok: of(200, 202), refused429: of(429), refused503: of(503) }
  const other = count - known.ok - known.refused429 - known.refused503
  return { name, count, seconds, latency, besides: { ...known, other, ...besides } }
}

/** Asks a host on all its routes while its world steps. Gives what was done, and how many gifts were accepted in all. */
async function serve(host: ExampleHost, account: Account, npcs: number, seconds: number) {
  const part = `${grouped(npcs)} NPCs`
  const memory = new MemoryWatch(host.process.pid as number) // it lives, and so has one
  const watch = new Stopwatch()
  const before = await tickOf(host)
  const houses = Array.from({ length: PRESENTS }, (_, i) => ({ id: i + 1, coins: 1000 }))
  account.add('many gifts in one request', (await host.ask('/gifts', houses)).status, 202)
  const traffic = trafficOf(npcs)
  const answers = await Promise.all(traffic.map(each => ask(host.url, each, () => watch.seconds >= seconds)))
  const ticks = (await tickOf(host)) - before
  const took = watch.seconds
  const hostMb = await memory.end()
  const scraped = String((await host.ask('/metrics')).body)
  for (const [i, each] of traffic.entries()) addAnswers(account, scraped, each, answers[i])
  const [, gifts, , , asked] = answers
  const accepted = (from: Answered) => from.byStatus.get(202) ?? 0
  const succeeded = metricIn(scraped, component('commands', 'succeeded'))
  account.add('requests for gifts, as their guard counts', succeeded, 1 + accepted(gifts))
  const reports = await reportsOf(host)
  account.add('reports that were accepted, as their queue counts', reports.accepted, accepted(asked))
  account.add('reports that failed', reports.failed, 0)
  account.add('the world stepped meanwhile', ticks > 0, true)
  const rows = traffic.map(({ method, route }, i) => rowOf(`${part}: ${method} ${route}`, answers[i]))
  rows.push({ name: `${part}: ticks of the world`, count: ticks, seconds: took, besides: { hostMb } })
  return { rows, took, gifts: PRESENTS + accepted(gifts) }
}

/** A host from its beginning to its end by SIGTERM, and the one that goes on from there. */
async function hostOf(npcs: number, seconds: number): Promise<LoadOutcome> {
  const part = `${grouped(npcs)} NPCs`
  const account = new Account(part)
  const folder = mkdtempSync(join(tmpdir(), 'populace-load-'))
  const store = `file:${folder}`
  const flags = [...FLAGS, '--npcs', String(npcs), '--store', store]
  const hosts: ExampleHost[] = []
  const start = async (...more: string[]) => {
    const host = await ExampleHost.start([...flags, ...more])
    hosts.push(host)
    return host
  }
  try {
    const host = await start()
    const streams = await openStreams(host.url)
    const { rows, took, gifts } = await serve(host, account, npcs, seconds)
    const left = await host.end()
    for (const group of Object.values(streams)) for (const stream of group) await stream.ended()
    const told = addStreams(account, streams)
    account.add('gifts in the journal = gifts that were accepted', await journaled(store), gifts)
    const again = await start('--idle')
    account.add('a restart goes on from the state that was left', JSON.stringify(again.began), JSON.stringify(left))
    account.add('and ends in it', JSON.stringify(await again.end()), JSON.stringify(left))
    const events = { name: `${part}: events told to ${READING}`, count: told, seconds: took }
    return { rows: [...rows, events], account: account.entries }
  } finally {
    for (const host of hosts) await host.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What those who listened were told, held to the numbers of events; how many were told in all. */
function addStreams(account: Account, { all, quiet, refused }: Awaited<ReturnType<typeof openStreams>>): number {
  const total = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0)
  const withStatus = (wanted: number, readers: readonly EventReader[]) =>
    readers.filter(({ status }) => status === wanted).length
  const gaps = total(all.map(reader => reader.gaps))
  const heard = all.filter(({ told, missed }) => told + missed >= PRESENTS).length
  account.add('streams that were opened', withStatus(200, [...all, ...quiet]), MOST_STREAMS)
  account.add('streams beyond them that got 503', withStatus(503, refused), TOO_MANY)
  account.add('events that were neither told nor told to be missed', gaps, 0)
  account.add('readers who were told of as many houses as were given', heard, READING)
  account.add('events told to those who wait for others', total(quiet.map(({ told }) => told)), 0)
  return total(all.map(({ told }) => told))
}

export const http: Load = {
  name: 'http',
  about: `examples/fastify asked on all its routes, with ${MOST_STREAMS} streams of events, while its world steps`,
  npcs: [1000, 100_000, 1_000_000],
  smokeNpcs: [100_000],
  async run({ npcs, seconds }: Effort): Promise<LoadOutcome> {
    const parts: LoadOutcome[] = []
    for (const count of npcs) parts.push(await hostOf(count, seconds))
    return { rows: parts.flatMap(({ rows }) => rows), account: parts.flatMap(({ account }) => account) }
  },
}

// The program of examples/fastify, as a process, asked over HTTP; its world is held to one that was stepped straight through.
import { type Test, test } from 'tap'
import { Simulation } from '../../lib/index.js'
import { ExampleHost } from '../fixtures/example-host.js'
import { closeSharedRedis, sharedRedis } from '../fixtures/redis-server.js'

const WORLD = new URL('../../examples/fastify/world.js', import.meta.url)
const NPCS = 100_000

interface Gift {
  readonly id: number
  readonly coins: number
}

/** A gift, with the tick that the host said. */
interface Given {
  readonly tick: number
  readonly gift: Gift
}

async function startHost(t: Test, flags: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<ExampleHost> {
  const host = await ExampleHost.start(['--workers', '1', ...flags], env)
  t.teardown(() => host.kill())
  return host
}

/** The hashes at some ticks of a world of the host's seed, stepped straight through with the same gifts. */
async function straight(npcs: number, gifts: readonly Given[], ticks: readonly number[]): Promise<string[]> {
  const sim = await Simulation.create(WORLD, { seed: 7, workers: 1, params: { npcs } })
  const hashes: string[] = []
  const waiting = [...gifts]
  try {
    for (const tick of ticks) {
      while (waiting.length > 0 && waiting[0].tick < tick) {
        const { tick: at, gift } = waiting.shift() as Given // there is one
        await sim.run({ ticks: at - sim.tick })
        await sim.command('gift' as never, gift as never) // a world that is given by its URL has no types here
      }
      await sim.run({ ticks: tick - sim.tick })
      hashes.push(await sim.hash())
    }
    return hashes
  } finally {
    await sim.close()
  }
}

/** What a stream of events says, until it has so many. */
async function eventsOf(host: ExampleHost, path: string, wanted: number): Promise<string[]> {
  const leave = new AbortController()
  const answer = await fetch(host.url + path, { signal: leave.signal })
  let text = ''
  const messages = () => text.split('\n\n').filter(each => each.startsWith('id: '))
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (messages().length > wanted) break // the last may be cut off
  }
  leave.abort()
  return messages().slice(0, wanted)
}

async function give(host: ExampleHost, gift: Gift): Promise<Given> {
  const { body } = await host.ask(`/npcs/${gift.id}/gifts`, { coins: gift.coins })
  return { tick: (body as Given).tick, gift }
}

test('a host that is stopped and started again comes to the state of a run straight through', async t => {
  const flags = ['--store', `file:${t.testdir()}`, '--checkpoint-every', '200']
  const first = await startHost(t, flags)
  t.equal(first.began.tick, 0)
  const gifts = [await give(first, { id: 1, coins: 1000 }), await give(first, { id: NPCS, coins: 7 })]
  const many = [10, 11, 12].map(id => ({ id, coins: 500 }))
  const { body: receipts } = await first.ask('/gifts', many)
  gifts.push(...many.map((gift, i) => ({ tick: (receipts as Given[])[i].tick, gift })))
  const left = await first.end()
  t.ok(left.tick > gifts[0].tick)

  const second = await startHost(t, flags)
  t.strictSame(second.began, left, 'it goes on from where the first one ended')
  gifts.push(await give(second, { id: 3, coins: 40 }))
  const end = await second.end()
  t.ok(end.tick > left.tick)
  t.strictSame(await straight(NPCS, gifts, [left.tick, end.tick]), [left.hash, end.hash])
})

test('a host that is killed goes on from its newest checkpoint, with the commands that it had said yes to', async t => {
  const flags = ['--store', `file:${t.testdir()}`, '--checkpoint-every', '200', '--npcs', '2000']
  const first = await startHost(t, flags)
  const gifts = [await give(first, { id: 1, coins: 1000 }), await give(first, { id: 2, coins: 900 })]
  await first.kill()
  const second = await startHost(t, flags)
  t.equal(second.began.tick % 200, 0)
  gifts.push(await give(second, { id: 3, coins: 800 }))
  const end = await second.end()
  t.strictSame(await straight(2000, gifts, [end.tick]), [end.hash])
})

test('NPCs, commands, the cached view, reports and metrics are answered while the world steps', async t => {
  const host = await startHost(t, ['--store', 'memory:', '--npcs', '2000'])
  const before = (await host.ask('/npcs/5')).body as { id: number; coins: number }
  t.equal(before.id, 5)
  await t.test('what nobody is or nobody may send is refused', async t => {
    for (const [path, body, status] of [
      ['/npcs/2001', undefined, 404],
      ['/npcs/five', undefined, 400],
      ['/npcs/2001/gifts', { coins: 1 }, 404],
      ['/npcs/5/gifts', { coins: 1001 }, 400],
      ['/gifts', [], 400],
      ['/events?topic=a..b', undefined, 400],
      ['/reports/77', undefined, 404],
      ['/nowhere', undefined, 404],
    ] as const) {
      t.equal((await host.ask(path, body)).status, status, path)
    }
  })
  const wealths = await Promise.all(Array.from({ length: 20 }, () => host.ask('/wealth')))
  t.equal(new Set(wealths.map(({ body }) => JSON.stringify(body))).size, 1)
  const { people } = wealths[0].body as { people: number[] }
  t.equal(
    people.reduce((sum, n) => sum + n, 0),
    2000,
  )
  t.equal(await host.metric('populace_component{component="savers.cache",figure="computed"}'), 1)

  const { status, body, headers } = await host.ask('/reports', {})
  t.equal(status, 202)
  const { id } = body as { id: number }
  t.equal(headers.get('location'), `/reports/${id}`)
  const { body: report } = await host.ask(`/reports/${id}/result`)
  t.match(report, { people: 2000, median: Number, gini: Number })
  t.match((await host.ask(`/reports/${id}`)).body, { id, state: 'done', attempts: 1 })

  t.match((await host.ask('/healthz')).body, { ok: true, tick: Number })
  t.equal((await host.ask('/readyz')).status, 200)
  t.ok(Number(await host.metric('populace_tick{simulation="savers"}')) > 0)
  t.equal(await host.metric('host_requests_total{route="/wealth",status="200"}'), 20)
  t.ok(Number(await host.metric('populace_component{component="tasks",figure="done"}')) >= 1)
})

test('subscribers are told events in the order of the world, of the topics that they ask for', async t => {
  const host = await startHost(t, ['--store', 'memory:'])
  const all = await eventsOf(host, '/events', 30)
  const told = all.map(each => JSON.parse(each.split('data: ')[1]))
  t.equal(told.length, 30)
  const places = told.map(({ payload: { tick, sequence } }) => tick * 65_536 + sequence)
  t.strictSame(
    places,
    [...places].sort((a, b) => a - b),
  )
  for (const { topic, payload } of told) {
    t.equal(topic, 'savers.event.bought')
    t.match(payload, { name: 'bought', from: Number, values: { houses: Number } })
  }
  await t.test('also of one NPC alone, and of what else the world tells', async t => {
    const ofOne = eventsOf(host, '/events?npc=77', 2)
    const refused = eventsOf(host, '/events?topic=savers.refused', 1)
    let given = 0
    const telling = Promise.all([ofOne, refused]).finally(() => (given = Number.NaN))
    while (given < 1000) {
      await host.ask('/npcs/77/gifts', { coins: 1000 })
      await host.ask('/gifts', [{ id: NPCS + 1, coins: 1 }])
      given++
    }
    const [[purchase], [refusal]] = await telling
    t.match(JSON.parse(purchase.split('data: ')[1]), { topic: 'savers.event.bought', payload: { from: 77 } })
    t.match(JSON.parse(refusal.split('data: ')[1]).payload, { name: 'gift', error: `There is no NPC ${NPCS + 1}.` })
  })
  const left = new AbortController()
  const other = await fetch(`${host.url}/events?topic=savers.event.sold`, { signal: left.signal })
  t.equal(other.status, 200)
  const ended = host.end() // ends the stream too
  const text = await other.text()
  t.equal(text, ': here they come\n\n')
  await ended
})

test('too many commands get 429, too many tasks 503, and both are told when to come again', async t => {
  const flags = ['--store', 'memory:', '--npcs', '1000', '--commands-per-second', '5', '--max-tasks', '2']
  const host = await startHost(t, flags)
  const gifts = await Promise.all(Array.from({ length: 50 }, () => host.ask('/npcs/1/gifts', { coins: 1 })))
  const reports = await Promise.all(Array.from({ length: 50 }, () => host.ask('/reports', {})))
  for (const [answers, refusal] of [
    [gifts, 429],
    [reports, 503],
  ] as const) {
    const refused = answers.filter(({ status }) => status === refusal)
    t.ok(refused.length > 0)
    t.equal(answers.filter(({ status }) => status === 202).length, 50 - refused.length)
    for (const { headers } of refused) t.match(headers.get('retry-after'), /^[1-9][0-9]*$/)
  }
  const done = gifts.filter(({ status }) => status === 202).length
  t.equal(await host.metric('populace_component{component="commands",figure="succeeded"}'), done)
  t.equal((await host.ask('/npcs/2')).status, 200, 'what is not too much goes on')
})

test('where the process takes more than it may the world waits, and those who ask are answered', async t => {
  const env = { POPULACE_LIMITS_MAX_MEMORY_MB: '1' }
  const host = await startHost(t, ['--store', 'memory:', '--npcs', '1000'], env)
  const waits = 'populace_component{component="savers.limits",figure="usage_memory_mb"}'
  while (((await host.metric(waits)) ?? 0) <= 1);
  const { body } = await host.ask('/healthz')
  const { tick } = body as { tick: number }
  const { status, body: why } = await host.ask('/readyz')
  t.equal(status, 503)
  t.match(why, { ok: false, reached: [{ limit: 'memory', most: 1 }] })
  t.equal((await host.ask('/reports', {})).status, 503, 'no work is taken on that can wait')
  t.equal((await host.ask('/npcs/5')).status, 200)
  const { tick: forTick } = (await give(host, { id: 5, coins: 1 })) as Given
  t.equal(forTick, tick, 'a command waits for the next tick')
  t.equal((await host.end()).tick, tick)
})

test('the cached view lies in Redis where there is one', async t => {
  t.teardown(closeSharedRedis)
  const env = { POPULACE_REDIS_URL: await sharedRedis(), POPULACE_REDIS_NAMESPACE: 'example-host' }
  const host = await startHost(t, ['--store', 'memory:', '--npcs', '1000'], env)
  const [first, second] = [await host.ask('/wealth'), await host.ask('/wealth')]
  t.equal(first.status, 200)
  t.equal(second.status, 200)
  t.ok(Number(await host.metric('populace_component{component="savers.cache",figure="answered"}')) >= 3)
  t.equal(await host.metric('populace_component_state{component="savers.cache",figure="state",state="ready"}'), 1)
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import { MetricsCollector, MetricsServer } from '../../lib/index.js'
import { refusedLater } from '../fixtures/refused.js'

const source = (state: 'idle' | 'running' | 'failed') => ({ state, components: {}, read: async () => ({}) as never })

test('/metrics is what Prometheus reads, other paths and methods are refused', async t => {
  const metrics = new MetricsCollector()
  metrics.counter('sold_total', { help: 'Goods sold.' }).add(2)
  await using server = await MetricsServer.listen(metrics, { port: 0 })
  t.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  const response = await fetch(`${server.url}/metrics?x=1`)
  t.strictSame([response.status, response.headers.get('content-type')], [200, metrics.contentType])
  t.match(await response.text(), '\nsold_total 2\n')
  const head = await fetch(`${server.url}/metrics`, { method: 'HEAD' })
  t.strictSame([head.status, await head.text()], [200, ''])
  const post = await fetch(`${server.url}/metrics`, { method: 'POST', body: 'x' })
  t.strictSame([post.status, await post.text()], [405, 'Only GET and HEAD are answered.\n'])
  const lost = await fetch(`${server.url}/metric`)
  t.strictSame([lost.status, await lost.text()], [404, 'There are /metrics, /healthz and /readyz.\n'])
})

test('/healthz is of failures, /readyz of being ready too', async t => {
  const metrics = new MetricsCollector()
  let isReady = false
  await using server = await MetricsServer.listen(metrics, { port: 0, ready: () => isReady })
  const statuses = async () =>
    Promise.all(['/healthz', '/readyz'].map(async path => (await fetch(server.url + path)).status))
  t.strictSame(await statuses(), [200, 503])
  isReady = true
  metrics.attach('town', source('running'))
  t.strictSame(await statuses(), [200, 200])
  const end = metrics.attach('city', source('failed'))
  t.strictSame(await statuses(), [503, 503])
  t.equal(await (await fetch(`${server.url}/healthz`)).text(), 'failed: city\n')
  end()
  t.strictSame(await statuses(), [200, 200])
})

test('metrics that cannot be read are an answer, and the next is well again', async t => {
  const metrics = new MetricsCollector()
  await using server = await MetricsServer.listen(metrics, { port: 0 })
  const end = metrics.attach('town', { ...source('idle'), read: () => Promise.reject(new Error('not today')) })
  const response = await fetch(`${server.url}/metrics`)
  t.strictSame([response.status, await response.text()], [500, 'The metrics could not be read: not today\n'])
  end()
  t.equal((await fetch(`${server.url}/metrics`)).status, 200)
})

test('a port that is taken, and an address that is none of this machine, are refused by name', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const metrics = new MetricsCollector()
  const listen = (options: unknown) => () => MetricsServer.listen(metrics, options as { port: number })
  await refusedLater(t, 'METRICS_UNAVAILABLE', new RegExp(`127.0.0.1:${port}: something listens`), listen({ port }))
  await refusedLater(
    t,
    'METRICS_UNAVAILABLE',
    /192\.0\.2\.1:\d+: it is no address/,
    listen({ port, host: '192.0.2.1' }),
  )
  for (const wrong of [-1, 65_536, 1.5, '80'])
    await refusedLater(t, 'OPTION_INVALID', /'port' of MetricsServer/, listen({ port: wrong }))
  await refusedLater(t, 'OPTION_INVALID', /'host'/, listen({ port: 0, host: '' }))
  await refusedLater(t, 'OPTION_INVALID', /'ready'/, listen({ port: 0, ready: true }))
  await refusedLater(t, 'OPTION_UNKNOWN', /no option 'prot'.*'port'/, listen({ port: 0, prot: 1 }))
  await refusedLater(t, 'OPTION_INVALID', /options of MetricsServer/, listen(undefined))
  await refusedLater(t, 'METRIC_INVALID', /no collector/, () => MetricsServer.listen({} as never, { port: 0 }))
})

test('close cuts off who is being answered, and twice is fine', async t => {
  const metrics = new MetricsCollector()
  const server = await MetricsServer.listen(metrics, { port: 0 })
  const asked = new Promise<void>(resolve =>
    metrics.observe('silent', () => {
      resolve()
      return new Promise(() => {})
    }),
  )
  const waiting = fetch(`${server.url}/metrics`).then(
    () => 'answered',
    () => 'cut off',
  )
  await asked
  await Promise.all([server.close(), server.close()])
  t.equal(await waiting, 'cut off')
  await t.rejects(fetch(`${server.url}/healthz`))
})

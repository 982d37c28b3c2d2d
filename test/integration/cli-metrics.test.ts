// populace run --metrics: served by the real command while the run goes on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import { dispatch } from '../../lib/cli/dispatch.js'
import { errorText, exitCodeOf } from '../../lib/cli/output.js'
import { fixture, populace } from './cli-process.js'

test('a run is scraped while it goes on, is ready when it is set up, and takes its server with it', async t => {
  const argv = ['run', fixture('endless'), '--metrics', '0', '--ticks', '1_000_000_000', '--workers', '1', '--json']
  const child = spawn(process.execPath, ['dist/lib/cli/main.js', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let text = ''
  const url = await new Promise<string>((resolve, reject) => {
    void ended.then(() => reject(new Error(text)))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const found = /endless: metrics at (http:\/\/127\.0\.0\.1:\d+)\/metrics\n/.exec(text)
      if (found) resolve(found[1])
    })
  })
  while ((await fetch(`${url}/readyz`)).status !== 200);
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  const ticks = async () =>
    Number(
      /^populace_ticks_total\{simulation="endless"\} (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1],
    )
  const first = await ticks()
  let later = first
  while (!(later > first)) later = await ticks()
  t.match(await (await fetch(`${url}/metrics`)).text(), 'process_resident_memory_bytes')
  child.kill('SIGINT')
  const [code] = await ended
  t.equal(code, 130)
  await t.rejects(fetch(`${url}/healthz`))
})

test('with --quiet nothing is said, and a run in a store is collected under its name', async t => {
  const { code, stderr } = await populace([
    'run',
    fixture('small-epidemic'),
    '--metrics',
    '[::1]:0',
    '--ticks',
    '3',
    '--quiet',
    '--workers',
    '0',
  ])
  t.strictSame([code, stderr], [0, ''])
})

test('a port that is taken ends the command before the world is set up', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const { code, stdout, stderr } = await populace(['run', fixture('endless'), '--metrics', `${port}`])
  t.strictSame([code, stdout], [1, ''])
  t.match(
    stderr,
    `populace: METRICS_UNAVAILABLE: Metrics cannot be served at 127.0.0.1:${port}: something listens there`,
  )
})

test('what is no port is wrong usage', async t => {
  for (const text of ['x', '-', '65536', '1.5', 'host:', ':80', 'a:b:80', '[::1]', '']) {
    const error: unknown = await dispatch(['run', fixture('endless'), '--metrics', text]).catch(e => e)
    t.equal(exitCodeOf(error), 2, text)
    t.match(errorText(error), text === '' ? 'USAGE: --metrics' : `USAGE: --metrics is '${text}'`)
  }
})

// A mirror in a real browser, fed by a live simulation over HTTP: its modules load as they are built, with no bundler and
// no import map, and its hash is the world's.
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { launchChromium } from '../fixtures/chromium.js'
import { serveDeltas } from '../fixtures/delta-server.js'

const TOWN = new URL('../../examples/town.js', import.meta.url)
const TICKS = 60
const KEYFRAMES = 12

t.test('a page follows the towns, to the hash of the world at each keyframe', async t => {
  const params = { people: 800, cities: 10, aging: 2, travel: 0.2 }
  await using sim = await Simulation.create(TOWN, { workers: 1, seed: 5, params })
  let subscribed = () => {}
  const ready = new Promise<void>(resolve => {
    subscribed = resolve
  })
  const filter = { populations: ['person', 'shop'] }
  const server = await serveDeltas(() => {
    const subscription = sim.subscribe({
      ...filter,
      keyframeEvery: KEYFRAMES,
      maxQueue: TICKS + 1,
      backpressure: 'close',
    })
    subscribed()
    return subscription
  })
  t.teardown(() => server.close())
  const { browser, close } = await launchChromium()
  t.teardown(close)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => complaints.push(message.text()))
  page.on('requestfailed', request => complaints.push(request.url()))
  await page.goto(server.url)
  await ready

  const hashes: { tick: number; hash: string; anew: string }[] = []
  for (;;) {
    if (sim.tick % KEYFRAMES === 0) {
      const hash = await sim.hash(filter)
      hashes.push({ tick: sim.tick, hash, anew: hash })
    }
    if (sim.tick === TICKS) break
    await sim.run({ ticks: 1 })
  }
  const state = () =>
    page.evaluate(() => ({ told: Reflect.get(globalThis, 'told'), failure: Reflect.get(globalThis, 'failure') }))
  await page.waitForFunction(
    tick => Reflect.get(globalThis, 'failure') !== undefined || Reflect.get(globalThis, 'mirror')?.tick === tick,
    TICKS,
  )
  t.strictSame(await state(), { told: hashes, failure: undefined })
  t.equal(hashes.length, TICKS / KEYFRAMES + 1)
  t.strictSame(complaints, [])
  await sim.close()
  await page.waitForFunction(() => Reflect.get(globalThis, 'ended') === true)
  const modules = server.asked.filter(path => path.startsWith('/lib/'))
  t.ok(
    modules.includes('/lib/state/mirror.js') && new Set(modules).size === modules.length,
    `${modules.length} modules`,
  )
})

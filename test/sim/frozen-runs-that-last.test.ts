// Runs with frozen partitions that last: checkpoints hold who sleeps, wherever it is, and whoever resumes goes on to the
// same bits.
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import type scenario from '../fixtures/regions.js'
import { region } from '../fixtures/regions.js'
import { follow, frozenOf, make, moment, url } from './frozen-runs.js'

const params = { restless: 0.3 }

t.test('a run that is resumed from a checkpoint has its frozen partitions, and goes on to the same bits', async t => {
  await using straight = await make({ params })
  const expected = await follow(straight, 30)
  for (const [workers, frames] of [
    [0, undefined],
    [2, 60],
  ] as const) {
    const store = `memory:frozen ${workers}`
    const limits = frames === undefined ? {} : { limits: { residentFrames: frames } }
    const options = { workers, seed: 3, params, store, run: 'one', checkpoint: { everyTicks: 6 }, ...limits }
    const first = await Simulation.create<typeof scenario>(url, options)
    t.strictSame(await follow(first, 16, unloadAll), expected.slice(0, 16))
    await first.checkpoint()
    await first.close()
    const { seed: _, params: __, ...again } = options
    await using second = await Simulation.resume<typeof scenario>(url, { ...again, workers: 2 - workers })
    t.equal(second.tick, 16)
    t.strictSame(await moment(second), expected[15])
    t.strictSame(await follow(second, 14, unloadAll), expected.slice(16))
    await second.seek(20)
    t.strictSame(await moment(second), expected[19], 'and back')
  }
})

t.test('what a host asks of partitions between two runs is kept by a checkpoint', async t => {
  const options = { workers: 0, seed: 3, params: { restless: 0, social: 0 }, store: 'memory:asked', run: 'one' }
  const first = await Simulation.create<typeof scenario>(url, options)
  await first.run({ ticks: 2 })
  first.world.freeze(region(2))
  await first.run({ ticks: 3 })
  const end = await moment(first)
  await first.close()
  t.strictSame(end.frozen, [region(2)])
  await using second = await Simulation.resume<typeof scenario>(url, { store: options.store, run: 'one', workers: 0 })
  await second.seek(5)
  t.strictSame(await moment(second), end)
})

function unloadAll(sim: Awaited<ReturnType<typeof make>>): void {
  for (const name of frozenOf(sim)) if (sim.tick % 2 === 0) sim.world.unload(name)
}

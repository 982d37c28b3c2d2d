// A simulation keeps nothing of the ticks that are over, whatever it does in them: asks, answers, events, measures, commands,
// looks, and what it tells a bus and a collector of metrics. CI does a tenth.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { EventBus, MetricsCollector, Simulation } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import type pupils from '../fixtures/pupils.js'
import { answerOf, pupil, type Question } from '../fixtures/pupils.js'
import { soak } from '../fixtures/soak.js'

const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'populace-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** Ticks from one look at the world to the next. */
const PORTION = 50

// Where nothing is stored the newest entries of the journal stay, and come to their bound only in a longer run than this.
for (const [where, options] of Object.entries({
  'with checkpoints in memory': { checkpoint: { inMemory: true, everyTicks: 20 } },
  'with checkpoints in a folder': { store: `file:${folder}`, checkpoint: { everyTicks: 100, keepLast: 4 } },
})) {
  t.test(`${where}: a run keeps nothing of the ticks that it has done`, async t => {
    const metrics = new MetricsCollector()
    const eventBus = new EventBus()
    let told = 0
    eventBus.subscribe('**', () => told++)
    eventBus.start()
    const sim = await Simulation.create<typeof pupils>(PUPILS, {
      ...{ workers: 1, params: { mortal: 0 }, metrics, eventBus },
      ...{ services: { teacher: async (question: Question) => answerOf(question) } },
      ...options,
    })
    await soak(t, ofCampaign(60_000), async (from, to) => {
      for (let tick = from; tick < to; tick += PORTION) {
        const run = sim.run({ ticks: Math.min(PORTION, to - tick) })
        await sim.command('freeze', tick % (2 * PORTION) === 0)
        await sim.read(world => world.population(pupil).size)
        await run
        await metrics.text()
      }
      await eventBus.drain()
    })
    const { lesson } = sim.counters.asks
    t.ok(told > sim.tick && lesson.ok > 0)
    await sim.close()
    await eventBus.stop()
  })
}

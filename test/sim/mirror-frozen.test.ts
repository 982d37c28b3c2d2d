// Mirrors of worlds whose partitions freeze and thaw: who sleeps is still there, and comes once, whether told every tick
// or seldom, and wherever the sleepers' bytes are.
import t from 'tap'
import type { Delta, StreamOptions } from '../../lib/index.js'
import { Mirror } from '../../lib/mirror.js'
import { MemoryPartitionStore } from '../../lib/state/partition-store.js'
import { nameless } from '../fixtures/nameless.js'
import { frozenOf, make } from './frozen-runs.js'

const TICKS = 30
const STREAMS: readonly StreamOptions[] = [
  {},
  { every: 4 },
  { every: 3, keyframeEvery: 3 },
  { populations: ['folk'], every: 2 },
]

t.test('the hash of a mirror is that of the world, sleepers included, in the same bytes on any crew', async t => {
  let expected: string[][] | undefined
  let slept = 0
  const stored = () => ({ store: new MemoryPartitionStore() })
  for (const way of [{ workers: 0 }, { workers: 1, ...stored() }, { workers: 2, checks: true }, stored()]) {
    await using sim = await make(way)
    const told: Delta[][] = STREAMS.map(() => [])
    const mirrors = STREAMS.map(() => new Mirror())
    sim.on('failed', error => t.fail(error.message))
    STREAMS.forEach((stream, i) => {
      sim.on(
        'delta',
        delta => {
          told[i].push(delta)
          mirrors[i].apply(delta.bytes)
        },
        stream,
      )
    })
    for (let tick = 0; tick < TICKS; tick++) {
      if ('store' in way) for (const name of frozenOf(sim)) sim.world.unload(name) // then their rows have to be fetched
      await sim.run({ ticks: 1 })
      slept += frozenOf(sim).length
      for (const [i, { every = 1 }] of STREAMS.entries())
        if (sim.tick % every === 0) {
          t.equal(mirrors[i].tick, sim.tick)
          t.equal(mirrors[i].hash(), await sim.hash(mirrors[i].filter), `stream ${i}, tick ${sim.tick}`)
        }
    }
    const digests = told.map(deltas => deltas.map(({ bytes }) => nameless(bytes)))
    expected ??= digests
    t.strictSame(digests, expected, Object.keys(way).join(' '))
  }
  t.ok(slept > TICKS, `${slept} partitions slept, ticks added up`)
})

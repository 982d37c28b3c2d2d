// A state that was saved is the whole state: whoever goes on from it comes to the same bits.
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { StateSnapshot } from '../../lib/state/snapshot.js'
import { WorldState } from '../../lib/state/world-state.js'
import { EXAMPLES, plain } from '../fixtures/example-runs.js'

for (const example of EXAMPLES) {
  t.test(`${example.name} goes on from a snapshot to the same bits, on any number of workers`, async t => {
    const { params, ticks } = example
    const half = Math.floor(ticks / 2)
    const scenario = plain(example)
    await using straight = await Simulation.create(scenario, { workers: 0, seed: 7, params })
    await straight.run({ ticks: half })
    const first = await StateSnapshot.create(straight)
    const hash = await straight.hash()
    await straight.run({ ticks: ticks - half })
    const end = await straight.hashes()
    const last = await StateSnapshot.create(straight)

    for (const workers of [0, 1, 2, 3]) {
      await using sim = await Simulation.create(scenario, { workers, seed: 7, params })
      await sim.run({ ticks: half })
      const snapshot = await StateSnapshot.create(sim)
      t.equal(snapshot.id, first.id, `${workers} workers make the same snapshot`)
      t.equal(Buffer.compare(snapshot.compressedData, first.compressedData), 0)

      const state = await WorldState.fromCompressed(snapshot.compressedData)
      t.equal(state.hash(), hash, 'the state has the hash of the world')
      t.equal(state.id, snapshot.id)
      const other = await Simulation.createWith(
        scenario,
        { workers: 3 - workers, seed: 7, params },
        { image: state.image },
      )
      t.equal(await other.hash(), hash)
      await other.run({ ticks: ticks - half })
      t.strictSame(await other.hashes(), end)
      t.strictSame(other.counters, straight.counters)
      t.equal((await StateSnapshot.create(other)).id, last.id)
      await other.close()
    }
    const diff = await last.createDiff(first)
    const applied = await (await WorldState.fromCompressed(first.compressedData)).applyDiff(diff.compressedData)
    t.equal(applied.hash(), end.hash)
    t.equal(applied.id, last.id)
    await t.rejects(applied.applyDiff(diff), { code: 'DIFF_BASE' })
    t.comment(
      `${example.name}: raw ${last.rawBytes}, snapshot ${last.compressedData.length}, diff ${diff.compressedData.length}`,
    )
  })
}

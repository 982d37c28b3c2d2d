// Snapshots that were altered on their way: each is refused with a code, whatever happened to it.
import { test } from 'tap'
import { PopulaceError, Simulation } from '../../lib/index.js'
import { StateSnapshot } from '../../lib/state/snapshot.js'
import { WorldState } from '../../lib/state/world-state.js'
import { EXAMPLES, plain } from '../fixtures/example-runs.js'

const LONG = process.env.POPULACE_LONG === '1'

/** A small generator of its own, so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

async function twoSnapshots() {
  const town = EXAMPLES.find(e => e.name === 'town')
  if (!town) throw new Error('there is no town')
  const sim = await Simulation.create(plain(town), { workers: 0, seed: 7, params: town.params })
  await sim.run({ ticks: 10 })
  const first = await StateSnapshot.create(sim)
  await sim.run({ ticks: 5 })
  const second = await StateSnapshot.create(sim)
  await sim.close()
  return { first, diff: await second.createDiff(first), bytes: first.compressedData, other: second.compressedData }
}

type Alteration = (bytes: Uint8Array, other: Uint8Array, pick: (below: number) => number) => Uint8Array

const ALTERATIONS: Readonly<Record<string, Alteration>> = {
  'a flipped bit': (bytes, _, pick) => {
    const altered = bytes.slice()
    altered[pick(bytes.length)] ^= 1 << pick(8)
    return altered
  },
  'a flipped bit in the head': (bytes, _, pick) => {
    const altered = bytes.slice()
    altered[pick(200)] ^= 1 << pick(8)
    return altered
  },
  'an end that is missing': (bytes, _, pick) => bytes.slice(0, pick(bytes.length)),
  'bytes behind its end': (bytes, _, pick) => Buffer.concat([bytes, new Uint8Array(1 + pick(99))]),
  'the end of another': (bytes, other, pick) => {
    const at = pick(Math.min(bytes.length, other.length))
    const altered = Buffer.concat([bytes.subarray(0, at), other.subarray(at)])
    return Buffer.compare(altered, other) === 0 ? new Uint8Array(0) : altered
  },
  'a stretch of zeros': (bytes, _, pick) => {
    const altered = bytes.slice()
    const at = pick(bytes.length - 64)
    altered.fill(0, at, at + 64)
    return Buffer.compare(altered, bytes) === 0 ? new Uint8Array(0) : altered
  },
  'other bytes throughout': (bytes, _, pick) => Uint8Array.from({ length: bytes.length }, () => pick(256)),
  'another version': (bytes, _, pick) => {
    const altered = bytes.slice()
    new DataView(altered.buffer).setUint32(8, 2 + pick(1000), true)
    return altered
  },
}

test('an altered snapshot or diff is refused with a code, and takes no memory', { timeout: 0 }, async t => {
  const { first, diff, bytes, other } = await twoSnapshots()
  const pick = numbers(20261124)
  const kinds = Object.entries(ALTERATIONS)
  const rounds = LONG ? 1000 : 100
  const before = process.memoryUsage().arrayBuffers
  for (let round = 0; round < rounds; round++) {
    const [what, alter] = kinds[round % kinds.length]
    for (const read of [
      () => WorldState.fromCompressed(alter(bytes, other, pick)),
      () => first.state.applyDiff(alter(diff.compressedData, bytes, pick)),
    ]) {
      const error: unknown = await read().then(
        () => undefined,
        refusal => refusal,
      )
      const code = error instanceof PopulaceError ? error.code : String(error)
      if (!['SNAPSHOT_INVALID', 'SNAPSHOT_VERSION', 'DIFF_BASE'].includes(code))
        t.fail(`${what}, round ${round}: ${code}`)
    }
  }
  t.pass(`${rounds} altered snapshots and ${rounds} altered diffs`)
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 28, 'what was refused is not kept')
  t.equal((await first.state.applyDiff(diff)).tick, diff.tick, 'the state that diffs were refused by is as it was')
})

test('what is no snapshot is refused by name', async t => {
  const { bytes, diff, first } = await twoSnapshots()
  for (const wrong of [undefined, null, 'text', 7, [], {}, new Uint8Array(0), new ArrayBuffer(100)])
    await t.rejects(WorldState.fromCompressed(wrong as Uint8Array), { code: 'SNAPSHOT_INVALID' })
  await t.rejects(WorldState.fromCompressed(diff.compressedData), {
    code: 'SNAPSHOT_INVALID',
    message: /it is|are a diff/,
  })
  await t.rejects(first.state.applyDiff(bytes), { code: 'SNAPSHOT_INVALID', message: /no diff/ })
  for (const wrong of [undefined, null, 7, {}])
    await t.rejects(StateSnapshot.create(wrong as never), { code: 'OPTION_INVALID' })
  t.throws(() => first.state.population('nobody'), { code: 'POPULATION_UNKNOWN' })
  t.throws(() => first.state.hash({ populations: ['nobody'] }), { code: 'POPULATION_UNKNOWN' })
  t.throws(() => first.state.population('person').column('nothing'), { code: 'COLUMN_UNKNOWN' })
})

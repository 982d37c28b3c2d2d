// Messages as docs/delta.md describes them: a reader written from that page comes to the agents of the world.
import { test } from 'tap'
import { bool, doc, f32, f64, fixed, i8, i16, i32, ref, u8, u16, u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { checksumOf, DeltaReader, type ReadRow } from '../fixtures/delta-reader.js'
import { ToldStream } from '../fixtures/told-world.js'

const columns = {
  ...{ a: f32(), b: f64(), c: i8({ size: 3 }), d: i16(), e: i32(), f: u8(), g: u16(), h: u32(), i: bool() },
  ...{ j: ref('self'), k: fixed({ unit: 1 }), l: doc<{ text: string }>() },
}
const thing = definePopulation('thing', { capacity: 300, block: 16, columns })

test('a reader written from the page comes to the agents of the world', async t => {
  const bare = new BareWorld([thing])
  const things = bare.view().population(thing)
  const stream = new ToldStream(bare, [thing])
  const reader = new DeltaReader()
  const memory = bare.memory.population('thing')
  const make = (i: number) =>
    things.spawn(
      {
        ...{ a: i / 3, b: -i / 7, c: [i % 100, -(i % 100), 1], d: -i, e: i * 70_000, f: i % 256, g: i, h: i * 90_000 },
        ...{ i: i % 2, j: i, k: i * 2 ** 30, l: i % 4 === 0 ? undefined : { text: `é${i}` } },
      },
      ['0', 'here', 'there', 'üben'][i % 4],
    )
  let made = 0
  for (let tick = 0; tick < 30; tick++) {
    for (let i = 0; i < (tick === 0 ? 200 : 5); i++) make(++made)
    const ids = Array.from(memory.segments()).flatMap(s => Array.from(memory.id.subarray(s.row, s.row + s.count)))
    for (let i = 0; i < 4; i++) things.despawn(ids[(tick * 31 + i * 17) % ids.length])
    for (const id of ids.slice(tick, tick + 9)) things.set(id, { b: tick, c: [tick, 0, -tick], l: { text: `${tick}` } })
    const mover = memory.rowOf(ids[150])
    if (mover >= 0) memory.move(mover, bare.memory.partitions.number(`place ${tick % 5}`))
    if (tick % 10 === 9) things.update(({ f }) => f.fill(tick))
    const { delta, keyframe } = stream.tell(tick, { keyframe: tick === 20 })
    reader.apply((tick === 20 ? keyframe : (delta ?? keyframe)) as Uint8Array)
    const names = bare.memory.partitions.names()
    const expected = [...things.rows()].map(({ id, ...values }): ReadRow => {
      return { id, partition: names[memory.partition[memory.rowOf(id)]], values }
    })
    const read = [...(reader.rows.get('thing') ?? [])]
    const byId = (x: ReadRow, y: ReadRow) => x.id - y.id
    t.strictSame(read.sort(byId), expected.sort(byId), `tick ${tick}`)
  }
})

test('the checksum is what the page says', async t => {
  const bare = new BareWorld([thing])
  const stream = new ToldStream(bare, [thing])
  for (let n = 0; n < 8; n++) {
    bare
      .view()
      .population(thing)
      .spawn({ f: n, l: { text: 'x'.repeat(n) } })
    const { delta, keyframe } = stream.tell(n)
    const message = (delta ?? keyframe) as Uint8Array
    t.equal(
      Buffer.from(message.subarray(0, 19)).toString('hex'),
      `94ae${Buffer.from('populace-delta').toString('hex')}01c408`,
    )
    t.equal(Buffer.from(message.subarray(19, 27)).toString('hex'), checksumOf(message.subarray(27)))
  }
})

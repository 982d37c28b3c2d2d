// What a mirror refuses, and that whatever it refuses changes nothing.
import { decode } from '@msgpack/msgpack'
import { test } from 'tap'
import { doc, enumeration, f32, f64, fixed, u16 } from '../../lib/memory/columns.js'
import { type Packed, PackWriter } from '../../lib/memory/message-pack.js'
import { definePopulation } from '../../lib/memory/population.js'
import { Mirror, PopulaceError } from '../../lib/mirror.js'
import { openDelta, writeDelta } from '../../lib/state/delta-format.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'
import { ToldStream } from '../fixtures/told-world.js'

const bird = definePopulation('bird', {
  capacity: 60,
  block: 16,
  columns: {
    x: f32(),
    pair: f64({ size: 2 }),
    coins: fixed({ unit: 0.25 }),
    kind: enumeration(['lark', 'owl']),
    song: doc<string[]>(),
    age: u16(),
  },
})

/** A world of birds, its stream and what it told: a keyframe and three deltas. */
function told(part: { run?: string; columns?: string[]; partitions?: string[] } = {}) {
  const bare = new BareWorld([bird])
  const birds = bare.view().population(bird)
  const stream = new ToldStream(bare, [bird], part)
  for (let i = 0; i < 20; i++)
    birds.spawn(
      { x: i, pair: [i, -i], coins: i / 4, kind: i % 2 ? 'owl' : 'lark', song: ['la', String(i)] },
      i % 3 ? 'wood' : '0',
    )
  const messages = [stream.tell(0).keyframe as Uint8Array]
  const hashes = [stream.hash(0)]
  for (let tick = 1; tick < 4; tick++) {
    birds.despawn(tick * 2)
    birds.set(tick * 2 + 1, { x: -tick, song: undefined })
    birds.spawn({ age: tick }, `tree ${tick}`)
    messages.push(stream.tell(tick).delta as Uint8Array)
    hashes.push(stream.hash(tick))
  }
  return { bare, birds, stream, messages, hashes }
}

test('a mirror shows what the world has: sizes, agents, rows, columns and partitions', async t => {
  const { birds, messages, hashes } = told()
  const mirror = new Mirror()
  t.strictSame([mirror.tick, mirror.run, mirror.wantsKeyframe, mirror.populations], [-1, undefined, true, []])
  for (const [tick, message] of messages.entries()) {
    t.equal(mirror.apply(message), true)
    t.strictSame([mirror.tick, mirror.run, mirror.wantsKeyframe], [tick, 'a run', false])
    t.equal(mirror.hash(), hashes[tick])
  }
  const table = mirror.population(bird)
  t.equal(table, mirror.population('bird'))
  t.equal(table.size, birds.size)
  const byId = (a: { id: number }, b: { id: number }) => a.id - b.id
  t.strictSame([...table.rows()].sort(byId), [...birds.rows()].sort(byId))
  for (const id of table.ids) t.strictSame(table.get(id), birds.get(id))
  t.equal(table.get(2), undefined)
  t.equal(table.rowOf(2), -1)
  t.equal(table.partitionOf(1), '0')
  t.equal(table.partitionOf(3), 'wood')
  t.equal(table.partitionOf(2), undefined)
  t.equal(table.column('pair').length, 2 * table.size)
  t.equal(table.column('age')[table.rowOf(table.ids[table.size - 1])], 3)
  t.strictSame(table.columns, ['x', 'pair', 'coins', 'kind', 'song', 'age'])
  refused(t, 'COLUMN_UNKNOWN', /'agee'.*'age'/, () => table.column('agee'))
  refused(t, 'POPULATION_UNKNOWN', /'brid'.*'bird'/, () => mirror.population('brid'))
})

test('the tables of a mirror stay the same objects when a keyframe comes', async t => {
  const { birds, stream, messages } = told()
  const mirror = new Mirror()
  mirror.apply(messages[0])
  const table = mirror.population(bird)
  t.equal(table.get(2)?.id, 2)
  mirror.apply(stream.tell(9, { keyframe: true }).keyframe as Uint8Array)
  t.equal(mirror.population(bird), table)
  t.equal(table.size, birds.size)
  t.equal(table.get(2), undefined)
  t.equal(mirror.hash(), stream.hash(9))
})

test('repeats are dropped, in whatever order they come', async t => {
  const { messages, hashes } = told()
  const mirror = new Mirror()
  for (const message of messages) mirror.apply(message)
  for (const message of [...messages].reverse()) t.equal(mirror.apply(message), false)
  t.equal(mirror.hash(), hashes[3])
})

test('a gap is refused until what is missing or a keyframe comes', async t => {
  const { messages, hashes, stream } = told()
  const mirror = new Mirror()
  refused(t, 'DELTA_GAP', /before any keyframe/, () => mirror.apply(messages[1]))
  refused(t, 'DELTA_GAP', /no keyframe yet/, () => mirror.hash())
  refused(t, 'POPULATION_UNKNOWN', /no keyframe yet/, () => mirror.population('bird'))
  mirror.apply(messages[0])
  refused(t, 'DELTA_GAP', /message 1 of tick 1, and the mirror holds message 0 of tick 0/, () =>
    mirror.apply(messages[2]),
  )
  t.equal(mirror.wantsKeyframe, true)
  t.equal(mirror.hash(), hashes[0])
  mirror.apply(messages[1])
  t.equal(mirror.wantsKeyframe, false)
  refused(t, 'DELTA_GAP', /message 2/, () => mirror.apply(messages[3]))
  t.equal(mirror.apply(stream.tell(5, { keyframe: true }).keyframe as Uint8Array), true)
  t.equal(mirror.hash(), stream.hash(5))
})

test('a delta of a stream that told other ticks is a gap, though its numbers fit', async t => {
  const { messages, stream } = told()
  const others = stream.fork([bird])
  const mine = stream.tell(4).delta as Uint8Array
  const theirs = others.tell(5).delta as Uint8Array
  const next = stream.tell(6).delta as Uint8Array
  const following = others.tell(6).delta as Uint8Array
  const mirror = new Mirror()
  for (const message of [...messages, mine]) mirror.apply(message)
  refused(t, 'DELTA_GAP', /message 3 of tick 3/, () => mirror.apply(theirs))
  refused(t, 'DELTA_GAP', /message 4 of tick 5/, () => mirror.apply(following))
  t.equal(mirror.apply(next), true)
})

test('deltas of another run or of another part are refused', async t => {
  const { messages, hashes } = told()
  const mirror = new Mirror()
  mirror.apply(messages[0])
  for (const message of told({ run: 'another' }).messages)
    refused(t, 'DELTA_FOREIGN', /run another/, () => mirror.apply(message))
  for (const part of [{ columns: ['x'] }, { partitions: ['wood'] }]) {
    const other = told(part)
    const keyframe = other.stream.tell(8, { keyframe: true }).keyframe as Uint8Array
    refused(t, 'DELTA_FOREIGN', /"(columns|partitions)"/, () => mirror.apply(keyframe))
    refused(t, 'DELTA_GAP', /./, () => mirror.apply(other.messages[1]))
  }
  t.equal(mirror.hash(), hashes[0])
})

test('damage anywhere in a message is refused and changes nothing', async t => {
  const { messages, hashes } = told()
  const mirror = new Mirror()
  mirror.apply(messages[0])
  mirror.apply(messages[1])
  const message = messages[2]
  const codes = new Set<string>()
  const attempt = (bytes: Uint8Array) => {
    try {
      mirror.apply(bytes)
      t.fail('it was applied')
    } catch (error) {
      if (!(error instanceof PopulaceError)) throw error
      codes.add(error.code)
    }
  }
  for (let at = 0; at < message.length; at++) {
    for (const bit of [0, 3, 7]) {
      const bytes = message.slice()
      bytes[at] ^= 1 << bit
      attempt(bytes)
    }
    attempt(message.subarray(0, at))
  }
  attempt(Uint8Array.of(...message, 0))
  attempt('a text' as never)
  t.strictSame([...codes].sort(), ['DELTA_INVALID', 'DELTA_VERSION'])
  t.equal(mirror.hash(), hashes[1])
  t.equal(mirror.apply(message), true)
  t.equal(mirror.hash(), hashes[2])
})

test('a message that is whole but says what cannot be is refused and changes nothing', async t => {
  const { messages, hashes } = told()
  const mirror = new Mirror()
  mirror.apply(messages[0])
  type Body = { [key: string]: unknown; populations: { [key: string]: unknown }[] }
  const altered = (message: Uint8Array, alter: (body: Body) => void) => {
    const body = structuredClone(openDelta(message)) as unknown as Body
    alter(body)
    return writeDelta(new PackWriter(), body as unknown as Packed)
  }
  const bytes = (...of: number[]) => Uint8Array.from(of)
  const alterations: ((body: Body) => void)[] = [
    body => delete body.run,
    body => (body.surprise = 1),
    body => (body.tick = -1),
    body => (body.sequence = 7),
    body => (body.mark = bytes(1)),
    body => (body.populations = []),
    body => (body.populations[0].gone = bytes(99)),
    body => (body.populations[0].moved = [bytes(0), bytes(9, 1)]),
    body => (body.populations[0].moved = [bytes(0), bytes()]),
    body => (body.populations[0].changed = []),
    body => (body.populations[0].changed = [null, [null, bytes(1)], null, null, null, null]),
    body => (body.populations[0].changed = [null, null, null, null, [null, bytes(1)], null]),
    body => (body.populations[0].changed = [null, null, null, null, [bytes(0), [bytes(5), bytes(1)]], null]),
    body => (body.populations[0].came = [1, bytes(2, 0), bytes(0, 1), []]),
    body => (body.populations[0].came = [9, bytes(2, 0), bytes(0, 9), []]),
  ]
  for (const [i, alter] of alterations.entries()) {
    t.throws(() => mirror.apply(altered(messages[1], alter)), { code: 'DELTA_INVALID' }, `alteration ${i}`)
    t.equal(mirror.hash(), hashes[0])
  }
  for (const alter of [
    (body: Body) => delete body.filter,
    (body: Body) => delete body.populations[0].columns,
    (body: Body) => (body.populations[0].name = 'brid'),
    (body: Body) => ((body.populations[0].columns as { size: number }[])[0].size = 0),
    (body: Body) => ((body.populations[0].columns as { kind: string }[])[0].kind = 'toString'),
  ])
    t.throws(() => new Mirror().apply(altered(messages[0], alter)), { code: 'DELTA_INVALID' })
  t.equal(mirror.apply(altered(messages[1], () => undefined)), true)
  t.equal(mirror.hash(), hashes[1])
})

test('a message of a later version of the format is refused by that name', async t => {
  const { messages } = told()
  const later = messages[0].slice()
  t.equal(later[16], 1, 'where docs/delta.md says that the version is')
  later[16] = 2
  refused(t, 'DELTA_VERSION', /version 2 of the format, and this reads 1/, () => new Mirror().apply(later))
})

test('a message is plain MessagePack, as docs/delta.md describes it', async t => {
  const { messages } = told()
  const [magic, version, checksum, body] = decode(messages[1]) as [string, number, Uint8Array, Record<string, unknown>]
  t.strictSame([magic, version, checksum.length], ['populace-delta', 1, 8])
  t.strictSame(Object.keys(body), ['run', 'tick', 'sequence', 'mark', 'after', 'partitions', 'populations'])
  t.strictSame(body.partitions, ['tree 1'])
  const [population] = body.populations as [Record<string, unknown>]
  t.strictSame(Object.keys(population), ['gone', 'changed', 'came'])
})

test('a NaN is told with one pattern, whether its agent came or stayed', async t => {
  const { bare, birds, stream } = told()
  const population = bare.memory.population('bird')
  const spoil = (id: number, low: number, high: number) => {
    const array = population.columns.get('pair')?.array as Float64Array
    new Int32Array(array.buffer, array.byteOffset).set([low, high], population.rowOf(id) * 4 + 2)
    population.noteEdit()
  }
  const newborn = birds.spawn({})
  spoil(newborn, 7, 0x7ff00000)
  spoil(1, 0, -0x80000)
  const mirror = new Mirror()
  const { keyframe, delta } = stream.tell(4, { keyframe: true })
  mirror.apply(keyframe as Uint8Array)
  for (const message of [keyframe, delta]) {
    const hex = Buffer.from(message as Uint8Array).toString('hex')
    t.ok(hex.includes('000000000000f87f'))
    t.notOk(hex.includes('07000000' + '0000f07f') || hex.includes('000000000000f8ff'))
  }
  t.equal(mirror.hash(), stream.hash(4))
  spoil(1, 9, -1)
  const later = stream.tell(5).delta as Uint8Array
  t.notOk(
    (decode(later) as [string, number, Uint8Array, { populations: unknown[] }])[3].populations[0],
    'nothing changed',
  )
  mirror.apply(later)
  t.equal(mirror.hash(), stream.hash(5))
})

test('documents that were moved in memory are compared by what they say', async t => {
  const { bare, birds } = told()
  // A document comes to lie where another one lay 84 ticks before: each stream is told these, one of all ticks.
  const streams = Array.from({ length: 84 }, (_, first) => ({
    first,
    stream: new ToldStream(bare, [bird]),
    mirror: new Mirror(),
  }))
  const long = (n: number) => [String(n).repeat(60_000)] // some of them fill the heap
  for (let tick = 0; tick < 200; tick++) {
    birds.set(1 + (tick % 3) * 2, { song: long(tick % 10) })
    const { stream, mirror } = streams[tick % 84]
    const { delta, keyframe } = stream.tell(tick)
    mirror.apply((delta ?? keyframe) as Uint8Array)
    if (mirror.hash() !== stream.hash(tick)) t.fail(`tick ${tick}`)
  }
  t.strictSame(streams[199 % 84].mirror.population(bird).get(1), birds.get(1))
})

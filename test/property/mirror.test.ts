// A mirror is the world's part, whatever happens to the world and whichever ticks are told: worlds of births, deaths,
// moves and changes are drawn, and every kind of message has to lead to the world's own hash.
import fc from 'fast-check'
import { test } from 'tap'
import type { Json } from '../../lib/memory/column-types.js'
import { doc, enumeration, f32, f64, fixed, i8, i16, ref, u8, u16, u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { Mirror } from '../../lib/mirror.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { ToldStream } from '../fixtures/told-world.js'

const numRuns = process.env.POPULACE_LONG === '1' ? 2000 : 150

const being = definePopulation('being', {
  capacity: 200,
  block: 16,
  columns: {
    mood: f32(),
    wealth: f64({ size: 2 }),
    age: u8(),
    tilt: i8({ size: 3 }),
    depth: i16(),
    score: u16(),
    coins: fixed({ unit: 0.5 }),
    friend: ref('self'),
    state: enumeration(['calm', 'angry', 'gone']),
    memory: doc<Json>(),
    fresh: u32({ reset: 'tick' }),
  },
})
const stone = definePopulation('stone', { capacity: 40, block: 16, columns: { age: u8(), weight: u32() } })
const populations = [being, stone]
const PARTITIONS = ['0', 'north', 'süd', 'far']

const value = fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, 1, Number.POSITIVE_INFINITY))
const setting = fc.record({ kind: fc.constant('set' as const), who: fc.nat(199), value, text: fc.string() })
const act = fc.oneof(
  { weight: 4, arbitrary: setting },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('born' as const), n: fc.integer({ min: 1, max: 9 }), where: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('dies' as const), who: fc.nat(199) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('moves' as const), who: fc.nat(199), where: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('all' as const), value: fc.nat(255) }) },
)
const tick = fc.record({
  acts: fc.oneof(fc.array(act, { maxLength: 12 }), fc.array(setting, { maxLength: 4 })),
  /** Whether the slow stream is told this tick, whether somebody joins, and in how many shares the world is copied. */
  told: fc.boolean(),
  joins: fc.boolean(),
  shares: fc.integer({ min: 1, max: 4 }),
})
/** Columns that are written below as kernels write. */
const written = { being: ['mood', 'wealth', 'tilt'] }
const part = fc.record(
  {
    populations: fc.subarray(['being', 'stone'], { minLength: 1 }),
    columns: fc.subarray(['mood', 'wealth', 'age', 'tilt', 'memory', 'state', 'weight']),
    partitions: fc.subarray(PARTITIONS),
  },
  { requiredKeys: [] },
)

function happen(bare: BareWorld, a: typeof act extends fc.Arbitrary<infer T> ? T : never): void {
  const view = bare.view()
  const beings = view.population(being)
  const memory = bare.memory.population('being')
  const ids = Array.from(memory.segments()).flatMap(s => Array.from(memory.id.subarray(s.row, s.row + s.count)))
  const who = 'who' in a && ids.length > 0 ? ids[a.who % ids.length] : 0
  if (a.kind === 'born') {
    for (let i = 0; i < a.n && beings.size < 200; i++)
      beings.spawn({ age: i, friend: ids[0] ?? 0, memory: i % 2 === 0 ? [i, 'born'] : undefined }, PARTITIONS[a.where])
    if (view.population(stone).size < 40) view.population(stone).spawn({ weight: a.n }, PARTITIONS[a.where])
  } else if (a.kind === 'all') {
    beings.update(({ age }) => age.fill(a.value))
  } else if (who === 0) return
  else if (a.kind === 'dies') beings.despawn(who)
  else if (a.kind === 'moves') memory.move(memory.rowOf(who), bare.memory.partitions.number(PARTITIONS[a.where]))
  else {
    const row = memory.rowOf(who)
    const write = (column: string, at: number, v: number) => {
      const array = memory.columns.get(column)?.array
      if (array) array[at] = v
    }
    write('mood', row, a.value)
    write('wealth', row * 2 + 1, a.value)
    write('tilt', row * 3 + 2, a.text.length)
    beings.set(who, { memory: a.text.length % 3 === 0 ? undefined : { text: a.text, who } })
  }
}

const rowsById = (mirror: Mirror, name: string) => [...mirror.population(name).rows()].sort((a, b) => a.id - b.id)

test('the hash of a mirror is that of the world at every delta, however they were told', async t => {
  let told = 0
  let moved = 0
  fc.assert(
    fc.property(part, fc.array(tick, { minLength: 1, maxLength: 12 }), (filter, ticks) => {
      const bare = new BareWorld(populations)
      const every = new ToldStream(bare, populations, { ...filter, written })
      const each = new Mirror()
      const late: Mirror[] = []
      const slow: { stream: ToldStream; mirror: Mirror }[] = []
      ticks.forEach(({ acts, told: isTold, joins, shares }, at) => {
        for (const a of acts) happen(bare, a)
        const { delta, keyframe } = every.tell(at, { keyframe: joins, shares })
        const message = (delta ?? keyframe) as Uint8Array
        if (!each.apply(message)) throw new Error('news was dropped')
        if (each.apply(message)) throw new Error('a repeat was applied')
        for (const mirror of late) mirror.apply(message)
        const hash = every.hash(at)
        for (const mirror of [each, ...late]) if (mirror.hash() !== hash) throw new Error(`tick ${at}: ${mirror.tick}`)
        for (const { stream, mirror } of isTold ? slow : []) {
          mirror.apply(stream.tell(at).delta as Uint8Array)
          if (mirror.hash() !== hash) throw new Error(`merged deltas to tick ${at} are not their sum`)
          for (const name of each.populations) t.strictSame(rowsById(mirror, name), rowsById(each, name))
        }
        if (joins && keyframe) {
          const [follower, mirror] = [new Mirror(), new Mirror()]
          for (const joined of [follower, mirror]) joined.apply(keyframe)
          if (mirror.hash() !== hash) throw new Error(`the keyframe of tick ${at}`)
          late.push(follower)
          slow.push({ stream: every.fork(populations, { written }), mirror })
        }
        for (const name of each.populations) {
          const table = each.population(name)
          for (const row of table.rows()) t.equal(table.get(row.id)?.id, row.id)
        }
        told++
        moved += acts.filter(a => a.kind === 'moves').length
      })
    }),
    { numRuns },
  )
  t.ok(told > numRuns && moved > numRuns, `${told} ticks were told, of ${moved} moves`)
})

test('the same worlds are told in the same bytes, wherever their rows lie and however they were copied', async t => {
  fc.assert(
    fc.property(part, fc.array(tick, { minLength: 1, maxLength: 8 }), (filter, ticks) => {
      const streams = [false, true].map(reversed => {
        const bare = new BareWorld(populations)
        for (const { frames, layout } of bare.memory.populations)
          if (reversed) frames.placement = Int32Array.from({ length: layout.frames }, (_, i) => layout.frames - 1 - i)
        return new ToldStream(bare, populations, { ...filter, written })
      })
      ticks.forEach(({ acts, shares }, at) => {
        const messages = streams.map((stream, i) => {
          for (const a of acts) happen(stream.bare, a)
          return stream.tell(at, { keyframe: true, shares: i === 0 ? 1 : shares })
        })
        const bytes = messages.map(({ delta, keyframe }) =>
          [delta, keyframe].map(m => m && Buffer.from(m).toString('hex')),
        )
        t.strictSame(bytes[0], bytes[1])
      })
    }),
    { numRuns: Math.ceil(numRuns / 3) },
  )
})

// Effects against a plain fold: whoever sends them, on whatever thread, in whatever order, the result is the same.
import fc from 'fast-check'
import { test } from 'tap'
import { EffectColumn } from '../../lib/exchange/effects.js'
import type { Effect } from '../../lib/memory/column-types.js'
import { fixed, i8, i16, i32, RANGE, u8, u16, u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'

const AGENTS = 70
const INTEGERS = { i8, i16, i32, u8, u16, u32 } as const
type Kind = keyof typeof INTEGERS | 'fixed'

function columnOf(kind: Kind, effect: Effect) {
  return kind === 'fixed' ? fixed({ unit: 1, effect }) : (INTEGERS[kind] as typeof i32)({ effect })
}

interface Sent {
  readonly row: number
  readonly value: number
  readonly thread: number
}

/** Values that no sum of 40 takes out of range, and anything for min, max and or. */
function sending(kind: Kind, effect: Effect, threads: number): fc.Arbitrary<Sent[]> {
  const [least, greatest] = RANGE[kind] ?? [0, 0]
  const share = Math.floor(greatest / 100)
  const value =
    effect === 'add'
      ? fc
          .maxSafeInteger()
          .map(n => n % (share + 1))
          .map(n => (least < 0 ? n : Math.abs(n)))
      : fc.oneof(
          fc.integer({ min: Math.max(least, -(2 ** 31)), max: Math.min(greatest, 2 ** 31 - 1) }),
          fc.constantFrom(least, greatest, 0, least < 0 ? -0 : 0),
        )
  return fc.array(fc.record({ row: fc.nat(AGENTS - 1), value, thread: fc.nat(threads - 1) }), { maxLength: 40 })
}

/** The column after all effects, by fold over bigints. */
function expected(effect: Effect, start: readonly number[], sent: readonly Sent[]): number[] {
  const out = start.map(BigInt)
  for (const { row, value } of sent) {
    const v = BigInt(value)
    if (effect === 'add') out[row] += v
    else if (effect === 'min') out[row] = v < out[row] ? v : out[row]
    else if (effect === 'max') out[row] = v > out[row] ? v : out[row]
    else out[row] |= v
  }
  return out.map(Number)
}

function world(kind: Kind, effect: Effect, threads: number, start: readonly number[]) {
  const agent = definePopulation('agent', { capacity: 100, block: 32, columns: { n: columnOf(kind, effect) } })
  const bare = new BareWorld([agent], { threads, effects: ['n'] })
  bare
    .view()
    .population(agent)
    .spawnMany(AGENTS, { fill: c => (c.n as Float64Array).set(start) })
  bare.memory.refresh()
  const population = bare.memory.population('agent')
  const column = new EffectColumn(population, 'n', threads)
  const adders = Array.from({ length: threads }, (_, thread) => column.adder(thread))
  return {
    send: (all: readonly Sent[]) => {
      for (const { row, value, thread } of all) adders[thread](row, value)
    },
    merge: () => {
      for (let i = 0; i < population.frames.blocks; i++) column.merge(population.frames.blockList[i])
    },
    values: () => Array.from(population.columns.get('n')?.array.subarray(0, AGENTS) ?? []),
  }
}

const EFFECTS: readonly Effect[] = ['add', 'min', 'max', 'or']
for (const kind of [...Object.keys(INTEGERS), 'fixed'] as Kind[]) {
  for (const effect of EFFECTS.filter(e => kind !== 'fixed' || e !== 'or')) {
    test(`${effect} on ${kind} is a fold, over any threads in any order`, async t => {
      const start = Array.from({ length: AGENTS }, (_, i) => i % 28)
      for (const threads of [1, 2, 4]) {
        const built = world(kind, effect, threads, start)
        let before = start
        fc.assert(
          fc.property(sending(kind, effect, threads), fc.boolean(), (sent, backwards) => {
            if (effect === 'add' && RANGE[kind]?.[0] !== 0)
              sent = [...sent, ...sent.map(s => ({ ...s, value: -s.value }))]
            const wanted = expected(effect, before, sent)
            const [least, greatest] = RANGE[kind] ?? [0, 0]
            if (wanted.some(v => v < least || v > greatest)) return // refused: a test of its own
            built.send(backwards ? [...sent].reverse() : sent)
            built.merge()
            const found = built.values()
            const at = found.findIndex((v, i) => !Object.is(v, wanted[i]))
            if (at >= 0) throw new Error(`row ${at}: found ${found[at]}, wanted ${wanted[at]}`)
            before = found
          }),
          { numRuns: 40, seed: 3 },
        )
      }
      t.pass('as the fold says')
    })
  }
}

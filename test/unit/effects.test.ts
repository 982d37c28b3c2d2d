import { test } from 'tap'
import { EffectColumn } from '../../lib/exchange/effects.js'
import type { NumberColumn } from '../../lib/memory/column-types.js'
import { fixed, i32, u8, u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

function world(column: NumberColumn, threads = 2) {
  const agent = definePopulation('agent', { capacity: 100, block: 16, columns: { n: column } })
  const bare = new BareWorld([agent], { threads, effects: ['n'] })
  const table = bare.view().population(agent)
  table.spawnMany(20)
  const population = bare.memory.population('agent')
  const effects = new EffectColumn(population, 'n', threads)
  return {
    table,
    effects,
    send: Array.from({ length: threads }, (_, thread) => effects.adder(thread)),
    merge: () => {
      bare.memory.refresh()
      for (let i = 0; i < population.frames.blocks; i++) effects.merge(population.frames.blockList[i])
    },
    at: (row: number) => population.columns.get('n')?.array[row],
  }
}

test('effects are merged once, onto what the engine wrote', async t => {
  const { send, merge, at, table } = world(i32({ effect: 'add', default: 5 }))
  send[0](3, 2)
  send[1](3, 10)
  t.equal(at(3), 5, 'nothing is seen before the engine ends')
  table.update(c => void c.n.fill(100))
  merge()
  t.equal(at(3), 112)
  merge()
  t.equal(at(3), 112)
  send[1](3, 1)
  merge()
  t.equal(at(3), 113, 'the next engine begins anew')
})

test('a merge leaves rows that nobody changed as they are', async t => {
  for (const effect of ['add', 'min', 'max', 'or'] as const) {
    const { send, merge, at } = world(i32({ effect, default: -7 }))
    send[0](3, effect === 'add' ? 0 : -7)
    merge()
    for (let row = 0; row < 20; row++) t.equal(at(row), -7, `${effect}, row ${row}`)
  }
})

test('a value out of the column is an error that names column and agent', async t => {
  const over = world(u8({ effect: 'add', default: 250 }))
  over.send[0](17, 3)
  over.send[1](17, 3)
  refused(t, 'EFFECT_OUT_OF_RANGE', /'agent.n' of agent 18 would become 256/, over.merge)
  const under = world(u32({ effect: 'add' }))
  under.send[0](0, -1)
  refused(t, 'EFFECT_OUT_OF_RANGE', /would become -1/, under.merge)
  const wide = world(u8({ effect: 'or' }))
  wide.send[0](0, 256)
  refused(t, 'EFFECT_OUT_OF_RANGE', /would become 256/, wide.merge)
  const low = world(u8({ effect: 'min', default: 9 }))
  low.send[0](0, -3)
  refused(t, 'EFFECT_OUT_OF_RANGE', /would become -3/, low.merge)
})

test('sums may leave the range on the way, if they end in it', async t => {
  const { send, merge, at } = world(u8({ effect: 'add', default: 250 }))
  send[0](1, 1000)
  send[1](1, -1000)
  merge()
  t.equal(at(1), 250)
})

test('a value that is no integer is refused where it is sent, whatever others send', async t => {
  // 0.1 ten times is 1 in one order of terms and not in another: it must not depend on the number of workers.
  for (const column of [
    i32({ effect: 'add' }),
    i32({ effect: 'min' }),
    i32({ effect: 'or' }),
    fixed({ unit: 0.1, effect: 'max' }),
  ]) {
    const { send, merge, at } = world(column)
    for (const value of [0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      refused(t, 'EFFECT_INVALID', /'agent.n' is sent/, () => send[0](3, value))
    merge()
    t.equal(at(3), 0)
  }
  const { send } = world(u32({ effect: 'or' }))
  refused(t, 'EFFECT_INVALID', /4294967296/, () => send[0](3, 2 ** 32))
})

test('or reaches all 32 bits', async t => {
  const { send, merge, at } = world(u32({ effect: 'or' }))
  send[0](1, 2 ** 31)
  send[1](1, 2 ** 32 - 2 ** 31 - 1)
  merge()
  t.equal(at(1), 2 ** 32 - 1)
})

test('sums of fixed columns are exact up to 53 bits, and refused beyond', async t => {
  const { send, merge, at } = world(fixed({ unit: 0.01, effect: 'add' }))
  send[0](1, Number.MAX_SAFE_INTEGER - 5)
  send[1](1, 4)
  merge()
  t.equal(at(1), Number.MAX_SAFE_INTEGER - 1)
  refused(t, 'EFFECT_OUT_OF_RANGE', /'agent.n'/, () => {
    send[0](2, Number.MAX_SAFE_INTEGER)
    send[0](2, Number.MAX_SAFE_INTEGER)
  })
  const two = world(fixed({ unit: 0.01, effect: 'add' }), 3)
  two.send[0](1, Number.MAX_SAFE_INTEGER)
  two.send[1](1, 2)
  two.send[2](1, -Number.MAX_SAFE_INTEGER)
  refused(t, 'EFFECT_OUT_OF_RANGE', /'agent.n' of agent 2/, two.merge)
})

test('-0 is stored as 0, so that no order of effects shows', async t => {
  const { send, merge, at } = world(fixed({ unit: 1, effect: 'min', default: 9 }))
  send[0](1, -0)
  send[1](1, 0)
  merge()
  t.ok(Object.is(at(1), 0))
})

test('a row that is none is refused', async t => {
  const { send } = world(i32({ effect: 'add' }))
  for (const row of [-1, 0.5, Number.NaN, 4294967295, 10 ** 9, undefined])
    refused(t, 'EFFECT_INVALID', new RegExp(`'agent.n' names row ${row}`), () => send[0](row as number, 1))
})

test('a row where nobody lives is refused, and its effect waits for nobody', async t => {
  const { send, merge } = world(i32({ effect: 'add' }))
  refused(t, 'EFFECT_INVALID', /names row 40/, () => send[0](40, 1)) // a block without agents
  send[1](25, 1) // beyond the last agent of a block
  refused(t, 'EFFECT_INVALID', /names row 25/, merge)
})

test('a guard sees each effect first', async t => {
  const { effects } = world(i32({ effect: 'add' }))
  const seen: number[][] = []
  effects.adder(0, (row, value) => seen.push([row, value]))(3, 4)
  t.strictSame(seen, [[3, 4]])
})

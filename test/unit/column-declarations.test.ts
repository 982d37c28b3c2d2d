import { test } from 'tap'
import type { AnyColumn } from '../../lib/memory/column-types.js'
import { RESERVED_NAMES } from '../../lib/memory/column-types.js'
import {
  bool,
  columnData,
  enumeration,
  f32,
  fixed,
  i8,
  i32,
  index,
  NO_INDEX,
  ref,
  u8,
  u32,
} from '../../lib/memory/columns.js'
import { defineLattice, definePopulation } from '../../lib/memory/population.js'
import { refused } from '../fixtures/refused.js'

type Loose = (...given: unknown[]) => AnyColumn
const loose = (make: unknown) => make as Loose // wrong on purpose, as JavaScript would have it
const data = (column: unknown) => columnData(column as AnyColumn, 'a test')

test('a column is described by what was said, and frozen', async t => {
  t.match(data(f32()), { kind: 'f32', size: 1, default: 0, unit: 1, index: false })
  t.match(data(u8({ effect: 'max', default: 7, reset: 'tick' })), { effect: 'max', default: 7, reset: 'tick' })
  t.match(data(i8({ size: 3 })), { size: 3 })
  t.match(data(fixed({ unit: 0.01, default: 1.5 })), { default: 150, unit: 0.01 })
  t.match(data(enumeration(['a', 'b'], { default: 'b' })), { kind: 'u8', default: 1, labels: ['a', 'b'] })
  t.match(data(ref('self', { size: 2 })), { kind: 'ref', to: 'self', default: 0, size: 2 })
  t.match(data(index('city')), { kind: 'u32', to: 'city', default: NO_INDEX, index: true })
  t.ok(Object.isFrozen(f32()))
})

test('labels may be any text, those of objects too', async t => {
  const column = enumeration(['toString', 'constructor', '__proto__'], { default: 'constructor' })
  t.equal(data(column).default, 1)
  t.strictSame(Object.entries(column.codes), [
    ['toString', 0],
    ['constructor', 1],
    ['__proto__', 2],
  ])
  refused(t, 'COLUMN_INVALID', /default 'valueOf' is no label/, () => loose(enumeration)(['a'], { default: 'valueOf' }))
})

test('a wrong column is refused by name where it is written', async t => {
  const wrong: readonly [RegExp, () => unknown][] = [
    [/f32\(\) has no option 'defalt'.*'default'/, () => loose(f32)({ defalt: 1 })],
    [/f32\(\) has no option 'effect'/, () => loose(f32)({ effect: 'add' })],
    [/bool\(\) has no option 'effect'/, () => loose(bool)({ effect: 'or' })],
    [/enumeration\(\) has no option 'effect'/, () => loose(enumeration)(['a'], { effect: 'max' })],
    [/index\(\) has no option 'default'/, () => loose(index)('city', { default: 0 })],
    [/f32\(7\): options must be an object/, () => loose(f32)(7)],
    [/f32\(\): default x is not a number/, () => loose(f32)({ default: 'x' })],
    [/f32\(\): default NaN/, () => f32({ default: Number.NaN })],
    [/u8\(\): default 256 is not an integer from 0 to 255/, () => u8({ default: 256 })],
    [/i8\(\): default 0.5/, () => i8({ default: 0.5 })],
    [/bool\(\): default 2/, () => bool({ default: 2 })],
    [/bool\(\): default true/, () => loose(bool)({ default: true })],
    [/u8\(\): size 0/, () => u8({ size: 0 })],
    [/u8\(\): size 1025/, () => u8({ size: 1025 })],
    [/u8\(\): size 1.5/, () => u8({ size: 1.5 })],
    [/u8\(\): reset can only be 'tick'/, () => loose(u8)({ reset: 'day' })],
    [/unknown effect sum/, () => loose(u8)({ effect: 'sum' })],
    [/effect holds one value a row/, () => loose(u8)({ effect: 'add', size: 2 })],
    [/'or' is for integer columns/, () => fixed({ unit: 1, effect: 'or' })],
    [/unit 0/, () => fixed({ unit: 0 })],
    [/unit undefined/, () => loose(fixed)()],
    [/unit Infinity/, () => fixed({ unit: Number.POSITIVE_INFINITY })],
    [/needs 1 to 256 labels/, () => enumeration([])],
    [/needs 1 to 256 labels/, () => enumeration(Array.from({ length: 257 }, (_, i) => `l${i}`))],
    [/label 'a' stands twice/, () => enumeration(['a', 'b', 'a'])],
    [/label {2}is not a name/, () => enumeration([''])],
    [/default 'c' is no label/, () => loose(enumeration)(['a', 'b'], { default: 'c' })],
    [/ref\(\) names no population/, () => loose(ref)()],
    [/index\(\) names no population/, () => index('')],
    [/a test is not a column/, () => data({ kind: 'u8' })],
    [/a test is not a column/, () => data(null)],
  ]
  for (const [named, make] of wrong) refused(t, 'COLUMN_INVALID', named, make)
})

test('names that views use themselves, and names that are none, are refused', async t => {
  for (const name of RESERVED_NAMES)
    refused(t, 'NAME_INVALID', new RegExp(`'agent.${name}'`), () =>
      definePopulation('agent', { capacity: 1, columns: { [name]: u8() } }),
    )
  refused(t, 'NAME_INVALID', /column of population 'agent'/, () =>
    definePopulation('agent', { capacity: 1, columns: { '': u8() } }),
  )
  for (const name of ['', 'x'.repeat(129), 7 as unknown as string]) {
    refused(t, 'NAME_INVALID', /A population/, () => definePopulation(name, { capacity: 1, columns: {} }))
    refused(t, 'NAME_INVALID', /A lattice/, () => defineLattice(name, { width: 1, height: 1, columns: {} }))
  }
})

test('a wrong population is refused by name', async t => {
  const define = (o: object) => () => definePopulation('agent', { capacity: 9, columns: {}, ...o })
  refused(t, 'OPTION_UNKNOWN', /'capasity'.*'capacity'/, define({ capasity: 9 }))
  refused(t, 'COLUMN_INVALID', /'agent.age' is not a column/, define({ columns: { age: 3 } }))
  for (const capacity of [0, -1, 1.5, Number.NaN, '9'])
    refused(t, 'SCENARIO_INVALID', /capacity of population 'agent'/, define({ capacity }))
  for (const block of [8, 17, 8192, Number.NaN, '64'])
    refused(t, 'SCENARIO_INVALID', /'agent' has a block of/, define({ block }))
  const lattice = (o: object) => () => defineLattice('ground', { width: 2, height: 2, columns: {}, ...o })
  refused(t, 'OPTION_UNKNOWN', /'capacity'/, lattice({ capacity: 9 }))
  for (const side of ['width', 'height', 'depth'])
    refused(t, 'SCENARIO_INVALID', new RegExp(`The ${side} of lattice 'ground'`), lattice({ [side]: 0 }))
})

test('a picked column must exist', async t => {
  const agent = definePopulation('agent', { capacity: 9, columns: { age: u32(), debt: i32() } })
  refused(t, 'COLUMN_UNKNOWN', /'agent' has no column 'ages'.*'age'/, () => loose(agent.pick)('ages'))
  t.match(agent.pick('age', 'debt'), { kind: 'pick', population: 'agent', columns: ['age', 'debt'] })
})

import { test } from 'tap'
import { bool, enumeration, f32, u8 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { count, histogram, type MeasureData, max, mean, min, sum } from '../../lib/run/measures.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', {
  capacity: 10,
  columns: { age: u8(), mood: enumeration(['glad', 'sad']), flag: bool(), place: f32({ size: 2 }) },
})
// Wrong on purpose, as JavaScript would have it.
const column = (name: string) => name as 'age'
const where = (values: object) => values as { age?: number }

test('a column that is none is refused where the measure is defined', async t => {
  for (const make of [sum, min, max, mean, histogram])
    refused(t, 'COLUMN_UNKNOWN', /'agee'.*'age'/, () => make(agent, column('agee')))
  refused(t, 'COLUMN_UNKNOWN', /'agee'.*'age'/, () => count(agent, where({ agee: 3 })))
  refused(t, 'COLUMN_UNKNOWN', /'agee'/, () => sum(agent, 'age', where({ agee: 3 })))
})

test('a where that its column cannot hold is refused where the measure is defined', async t => {
  refused(t, 'VALUE_INVALID', /'agent.mood' has no label 'said'.*'sad'/, () => count(agent, where({ mood: 'said' })))
  refused(t, 'VALUE_INVALID', /'agent.age' is given 256/, () => count(agent, where({ age: 256 })))
  refused(t, 'VALUE_INVALID', /'agent.age' is given NaN/, () => mean(agent, 'age', where({ age: Number.NaN })))
  refused(t, 'MEASURE_INVALID', /where of a measure of 'agent'/, () => count(agent, 'sad' as never))
  refused(t, 'MEASURE_INVALID', /where of a measure of 'agent'/, () => count(agent, null as never))
})

test('undefined in a where is no condition', async t => {
  t.strictSame((count(agent, { age: undefined, mood: 'sad' }) as MeasureData).where, { mood: 1 })
})

test('several values a row cannot be measured', async t => {
  refused(t, 'MEASURE_INVALID', /'agent.place', which holds 2/, () => sum(agent, 'place'))
  refused(t, 'MEASURE_INVALID', /'agent.place'/, () => count(agent, where({ place: [1, 2] })))
  refused(t, 'MEASURE_INVALID', /'agent.place'/, () => histogram(agent, 'place', { from: 0, to: 1, bins: 2 }))
})

test('a histogram of numbers needs bins that make sense', async t => {
  refused(t, 'MEASURE_INVALID', /'agent.age' has no bins/, () => histogram(agent, 'age'))
  for (const [from, to] of [
    [1, 1],
    [2, 1],
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
  ])
    refused(t, 'MEASURE_INVALID', /reaches from/, () => histogram(agent, 'age', { from, to, bins: 3 }))
  for (const bins of [0, -1, 1.5, 1025, Number.NaN])
    refused(t, 'MEASURE_INVALID', /has \S+ bins/, () => histogram(agent, 'age', { from: 0, to: 1, bins }))
})

test('labels and bools need no bins', async t => {
  t.equal((histogram(agent, 'mood') as MeasureData).bins?.bins, 2)
  t.equal((histogram(agent, 'flag') as MeasureData).bins?.bins, 2)
})

test('what is no population has no measure', async t => {
  refused(t, 'POPULATION_UNKNOWN', /of a measure is not a population/, () => count({ name: 'agent' } as never))
})

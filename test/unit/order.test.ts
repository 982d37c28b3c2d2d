import { test } from 'tap'
import { u8 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { type AnyEngine, defineEngine, defineMainEngine } from '../../lib/schedule/engine.js'
import { ambiguities, orderEngines } from '../../lib/schedule/order.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', { capacity: 10, columns: { a: u8(), b: u8(), n: u8({ effect: 'add' }) } })
const kernel = () => () => undefined

const engine = (name: string, dependencies: readonly string[] = [], priority = 0): AnyEngine =>
  defineEngine({ name, dependencies, priority, population: agent, kernel })
const namesOf = (engines: readonly AnyEngine[]) => engines.map(e => e.name)

test('lower priority runs first, then the name by code units', async t => {
  const given = [engine('b'), engine('a'), engine('Z'), engine('é'), engine('late', [], 2), engine('early', [], -0.5)]
  t.strictSame(namesOf(orderEngines(given)), ['early', 'Z', 'a', 'b', 'é', 'late'])
})

test('dependencies come before priority', async t => {
  const given = [engine('first', ['second'], -9), engine('second', [], 9), engine('third', [], 0)]
  t.strictSame(namesOf(orderEngines(given)), ['third', 'second', 'first'])
})

test('a circle is printed whole, from and to the same engine', async t => {
  const ring = [engine('a', ['b']), engine('b', ['c']), engine('c', ['a']), engine('free')]
  refused(t, 'CYCLE', /circle: a -> b -> c -> a\./, () => orderEngines(ring))
  refused(t, 'CYCLE', /circle: self -> self\./, () => orderEngines([engine('self', ['self'])]))
  const tail = [engine('a', ['y']), engine('x', ['y']), engine('y', ['x'])]
  refused(t, 'CYCLE', /circle: y -> x -> y\./, () => orderEngines(tail))
})

test('a missing dependency is named, with the nearest engine', async t => {
  refused(t, 'ENGINE_INVALID', /'catch' depends on 'recovr'.*'recover'/, () =>
    orderEngines([engine('catch', ['recovr']), engine('recover')]),
  )
})

test('two engines of one name, or of one hash, are refused', async t => {
  refused(t, 'DUPLICATE_NAME', /Two engines are named 'a'/, () => orderEngines([engine('a'), engine('a')]))
  // A known collision of 32-bit FNV-1a.
  refused(t, 'DUPLICATE_NAME', /'costarring' and 'liquid' have one hash/, () =>
    orderEngines([engine('costarring'), engine('liquid')]),
  )
})

const writer = (name: string, o: { dependencies?: string[]; priority?: number } = {}) =>
  defineEngine({ name, population: agent, writes: ['a'], kernel, ...o })
const reader = (name: string, o: { dependencies?: string[]; priority?: number } = {}) =>
  defineEngine({ name, population: agent, reads: ['a'], kernel, ...o })
const adder = (name: string) => defineEngine({ name, population: agent, effects: { agent: agent.pick('n') }, kernel })
const found = (...engines: AnyEngine[]) => ambiguities(orderEngines(engines))

test('a writer and a reader that only their names order are reported', async t => {
  t.strictSame(found(writer('w'), reader('r')), [{ first: 'r', second: 'w', over: ['agent.a'] }])
})

test('priorities and dependencies decide, directly or through others', async t => {
  t.strictSame(found(writer('w'), reader('r', { priority: 1 })), [])
  t.strictSame(found(writer('w'), reader('r', { dependencies: ['w'] })), [])
  t.strictSame(found(writer('w'), engine('between', ['w']), reader('x', { dependencies: ['between'] })), [])
})

test('readers do not conflict, and effects of one kind commute', async t => {
  t.strictSame(found(reader('r'), reader('s')), [])
  t.strictSame(found(adder('x'), adder('y')), [])
  const senses = defineEngine({ name: 'z', population: agent, senses: { agent: agent.pick('n') }, kernel })
  t.strictSame(found(adder('x'), senses), [{ first: 'x', second: 'z', over: ['agent.n'] }])
})

test('a main engine conflicts with what it may touch', async t => {
  const main = (o: object) => defineMainEngine({ name: 'main', update: () => undefined, ...o })
  t.strictSame(found(main({}), reader('r')), [{ first: 'main', second: 'r', over: ['agent.a'] }])
  t.strictSame(found(main({ writes: [] }), reader('r')), [])
  t.strictSame(found(main({ writes: [], reads: [agent.pick('a')] }), writer('w')), [
    { first: 'main', second: 'w', over: ['agent.a'] },
  ])
  t.strictSame(found(main({ writes: [], reads: [agent.pick('b')] }), writer('w')), [])
})

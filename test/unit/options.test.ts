import { test } from 'tap'
import { copyJson } from '../../lib/core/json.js'
import { resolveRunOptions, resolveSimulationOptions, resolveStartOptions } from '../../lib/core/options.js'
import { hint, nearest } from '../../lib/core/suggest.js'
import { refused } from '../fixtures/refused.js'

test('what is left out has its default', async t => {
  const defaults = { workers: 'auto', seed: 0, params: {}, checks: false, limits: {}, services: {} }
  t.strictSame(resolveSimulationOptions(undefined), defaults)
  t.strictSame(resolveSimulationOptions({ workers: 3, seed: 2 ** 53 - 1 }), {
    ...defaults,
    workers: 3,
    seed: 2 ** 53 - 1,
  })
  t.strictSame(resolveStartOptions({ hz: 20 }), { hz: 20, overload: 'slow' })
  t.strictSame(resolveRunOptions({ ticks: 0 }), { ticks: 0 })
})

test('an unknown option is refused by name, with the nearest known one', async t => {
  refused(t, 'OPTION_UNKNOWN', /no option 'worker'.*'workers'/, () => resolveSimulationOptions({ worker: 2 }))
  refused(t, 'OPTION_UNKNOWN', /'limits.tickTimeout'.*'tickTimeoutMs'/, () =>
    resolveSimulationOptions({ limits: { tickTimeout: 2 } }),
  )
  refused(t, 'OPTION_UNKNOWN', /sim.run has no option 'tics'.*'ticks'/, () => resolveRunOptions({ ticks: 1, tics: 2 }))
  refused(t, 'OPTION_UNKNOWN', /sim.start has no option 'zzz'.*hz, overload/, () =>
    resolveStartOptions({ hz: 1, zzz: 2 }),
  )
})

test('a wrong value is refused by name', async t => {
  const create = (given: unknown) => () => resolveSimulationOptions(given)
  refused(t, 'OPTION_INVALID', /options of Simulation.create are 7/, create(7))
  for (const workers of [-1, 1.5, 257, 'all', Number.NaN])
    refused(t, 'OPTION_INVALID', /'workers' of Simulation.create/, create({ workers }))
  for (const seed of [-1, 0.5, 2 ** 53, '1', Number.NaN])
    refused(t, 'OPTION_INVALID', /'seed' of Simulation.create/, create({ seed }))
  refused(t, 'OPTION_INVALID', /'checks'/, create({ checks: 1 }))
  refused(t, 'OPTION_INVALID', /'params'/, create({ params: [1] }))
  for (const tickTimeoutMs of [0, -1, Number.NaN, '5'])
    refused(t, 'OPTION_INVALID', /'limits.tickTimeoutMs'/, create({ limits: { tickTimeoutMs } }))
  for (const ticks of [-1, 0.5, '3', undefined, Number.POSITIVE_INFINITY])
    refused(t, 'OPTION_INVALID', /'ticks' of sim.run/, () => resolveRunOptions({ ticks }))
  refused(t, 'OPTION_INVALID', /options of sim.run are undefined/, () => resolveRunOptions(undefined))
  refused(t, 'OPTION_INVALID', /'signal'/, () => resolveRunOptions({ ticks: 1, signal: {} }))
  refused(t, 'OPTION_INVALID', /'onProgress'/, () => resolveRunOptions({ ticks: 1, onProgress: 3 }))
  for (const hz of [0, -1, 1001, Number.NaN])
    refused(t, 'OPTION_INVALID', /'hz' of sim.start/, () => resolveStartOptions({ hz }))
  refused(t, 'OPTION_INVALID', /'overload' of sim.start is "shred"/, () =>
    resolveStartOptions({ hz: 1, overload: 'shred' }),
  )
})

test('the nearest name is within half the length, changes of letters aside', async t => {
  const known = ['workers', 'seed', 'params']
  t.equal(nearest('wokrers', known), 'workers', 'two letters exchanged')
  t.equal(nearest('SEED', known), 'seed')
  t.equal(nearest('sede', known), 'seed')
  t.equal(nearest('elephant', known), undefined)
  t.equal(hint('elephant', known), "known: 'workers', 'seed', 'params'")
  t.equal(hint('parms', known), "did you mean 'params'?")
  t.equal(hint('x', []), 'there are none')
})

test('plain data is copied, deeply', async t => {
  const given = { a: [1, null, 'x', { b: new Uint8Array([1, 2]) }], c: true, d: Number.NaN }
  const copy = copyJson(given, 'the payload', 'COMMAND_INVALID')
  t.strictSame(copy, given)
  given.a.push(3)
  ;(given.a[3] as { b: Uint8Array }).b[0] = 9
  t.strictSame(copy.a, [1, null, 'x', { b: new Uint8Array([1, 2]) }])
  t.strictSame(copyJson(Object.assign(Object.create(null), { a: 1 }), 'x', 'COMMAND_INVALID'), { a: 1 })
})

test('what is no plain data is refused by its place', async t => {
  const circle: unknown[] = []
  circle.push({ circle })
  const wrong: [unknown, RegExp][] = [
    [undefined, /The payload is a undefined/],
    [{ a: [1, { b: undefined }] }, /The payload.a\[1\].b is a undefined/],
    [() => 1, /is a function/],
    [{ a: 10n }, /The payload.a is a bigint/],
    [{ a: Symbol.iterator }, /is a symbol/],
    [{ at: new Date(0) }, /The payload.at is an instance of Date/],
    [[new Map()], /The payload\[0\] is an instance of Map/],
    [{ a: new Float64Array(1) }, /instance of Float64Array/],
    [circle, /The payload\[0\].circle contains itself/],
  ]
  for (const [value, named] of wrong) {
    refused(t, 'COMMAND_INVALID', named, () => copyJson(value, 'the payload', 'COMMAND_INVALID'))
    refused(t, 'RECORD_INVALID', named, () => copyJson(value, 'the payload', 'RECORD_INVALID'))
  }
})

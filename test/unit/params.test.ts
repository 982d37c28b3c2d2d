import { test } from 'tap'
import { defineParams, resolveParams } from '../../lib/memory/params.js'
import { refused } from '../fixtures/refused.js'

const params = defineParams({
  people: { default: 1000, min: 1, max: 1e6, about: 'people at the start' },
  rate: { default: 0.5 },
  shape: { default: 'round', oneOf: ['round', 'square'] },
  fast: { default: false },
})

test('parameters are their defaults, with what is given laid over them', async t => {
  t.strictSame(resolveParams(params), { people: 1000, rate: 0.5, shape: 'round', fast: false })
  t.match(resolveParams(params, { people: 1, fast: true, rate: undefined }), { people: 1, fast: true, rate: 0.5 })
  t.equal(resolveParams(params, { people: 1e6 }).people, 1e6, 'bounds are included')
  t.ok(Object.isFrozen(resolveParams(params)))
})

test('a wrong value is refused, with what is allowed', async t => {
  const give = (given: Record<string, unknown>) => () => resolveParams(params, given)
  refused(t, 'PARAM_UNKNOWN', /'peple'.*'people'/, give({ peple: 3 }))
  refused(t, 'PARAM_UNKNOWN', /'toString'/, give({ toString: 3 }))
  refused(t, 'PARAM_INVALID', /'people' = 0 is below 1.*from 1 to 1000000/, give({ people: 0 }))
  refused(t, 'PARAM_INVALID', /'people' = 1000001 is above/, give({ people: 1_000_001 }))
  refused(t, 'PARAM_INVALID', /'rate' = NaN is NaN/, give({ rate: Number.NaN }))
  refused(t, 'PARAM_INVALID', /'people' = 5 is string, not number/, give({ people: '5' }))
  refused(t, 'PARAM_INVALID', /'fast' = 1 is number, not boolean/, give({ fast: 1 }))
  refused(t, 'PARAM_INVALID', /'shape' = oval is none of "round", "square"/, give({ shape: 'oval' }))
  refused(t, 'PARAM_INVALID', /'rate' = null is object/, give({ rate: null }))
})

test('a wrong declaration is refused', async t => {
  const define = (param: unknown) => () => defineParams({ a: param } as never)
  refused(t, 'PARAM_INVALID', /'a' has no default/, define({}))
  refused(t, 'PARAM_INVALID', /'a' has no default/, define(7))
  refused(t, 'PARAM_INVALID', /'a' has no default/, define({ default: [1] }))
  refused(t, 'PARAM_INVALID', /no field 'mni'.*'min'/, define({ default: 1, mni: 0 }))
  refused(t, 'PARAM_INVALID', /its default 5 is above 3/, define({ default: 5, max: 3 }))
  refused(t, 'PARAM_INVALID', /is NaN/, define({ default: Number.NaN }))
  refused(t, 'PARAM_INVALID', /a bound NaN/, define({ default: 5, min: Number.NaN }))
  refused(t, 'PARAM_INVALID', /a bound x/, define({ default: 5, max: 'x' }))
  refused(t, 'PARAM_INVALID', /is none of/, define({ default: 'c', oneOf: ['a', 'b'] }))
})

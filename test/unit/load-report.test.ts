// How loads are judged: by their accounts alone. And that the parts which keep an account notice what is wrong.
import t from 'tap'
import { RedisCache } from '../../lib/index.js'
import { CacheCaller, SharedKeys } from '../load/cache-caller.js'
import { Account, effortOf, type Load } from '../load/harness.js'
import { asJson, describe, exitCodeOf, type Result } from '../load/report.js'

const load: Load = {
  name: 'a load',
  about: 'a load of a test',
  npcs: [1000, 100_000],
  smokeNpcs: [1000],
  run: async () => ({ rows: [], account: [] }),
}
const effort = effortOf(load, { smoke: true })
const row = { name: 'calls', count: 500, seconds: 2, besides: { lost: 3 } }

function resultOf(...entries: (readonly [found: unknown, expected: unknown])[]): Result {
  const account = new Account('part')
  for (const [i, [found, expected]] of entries.entries()) account.add(`entry ${i}`, found, expected)
  return { load, effort, outcome: { rows: [row], account: account.entries } }
}

t.test('exact accounts are right; one entry that is off fails the run, whichever it is', async t => {
  const right = [
    [3, 3],
    [true, true],
    ['state', 'state'],
  ] as const
  t.equal(exitCodeOf([resultOf(...right), resultOf(...right)]), 0)
  t.match(describe(resultOf(...right)), 'work checked: 3 of 3 right')
  for (const falsified of right.keys()) {
    const result = resultOf(...right.map(([found, expected], i) => [i === falsified ? 4 : found, expected] as const))
    t.equal(exitCodeOf([resultOf(...right), result]), 1)
    t.match(describe(result), `WRONG WORK  part: entry ${falsified}: 4, not ${right[falsified][1]}`)
    t.match(asJson({ node: '', arch: '', cpu: '', cores: 1 }, [result]), { loads: [{ right: false }] })
  }
})

t.test('what is missing is not equal to what is there', async t => {
  t.equal(exitCodeOf([resultOf([undefined, 0])]), 1)
  t.equal(exitCodeOf([resultOf([Number.NaN, 0])]), 1)
})

t.test('a load without an account proves nothing, and one that did not end fails the run', async t => {
  t.equal(exitCodeOf([resultOf()]), 1)
  t.match(describe(resultOf()), 'nothing was checked')
  const failed: Result = { load, effort, failed: 'it ended with code 1' }
  t.equal(exitCodeOf([resultOf([1, 1]), failed]), 1)
  t.match(describe(failed), 'FAILED  it ended with code 1')
})

t.test('figures are shown and decide nothing', async t => {
  const result = resultOf([1, 1])
  t.match(describe(result), /calls +│ +500 │ +250 │.*│ +3 │/)
  t.match(asJson({ node: '', arch: '', cpu: '', cores: 1 }, [result]), { loads: [{ rows: [{ perSecond: 250 }] }] })
  const slow = { ...row, seconds: 1e9 }
  t.equal(exitCodeOf([{ ...result, outcome: { rows: [slow], account: result.outcome!.account } }]), 0)
})

t.test('flags go before what a load does by itself', async t => {
  t.strictSame(effortOf(load, { smoke: false }), { smoke: false, npcs: [1000, 100_000], seconds: 10 })
  t.strictSame(effortOf(load, { smoke: true }), { smoke: true, npcs: [1000], seconds: 1 })
  t.strictSame(effortOf(load, { smoke: true, npcs: 7, seconds: 0.5 }), { smoke: true, npcs: [7], seconds: 0.5 })
})

t.test('callers of a cache notice when it forgets, and nothing else', async t => {
  for (const [maxEntries, forgets] of [
    [1000, false],
    [100, true],
  ] as const) {
    await using cache = new RedisCache({ maxEntries })
    await cache.connect()
    const shared = new SharedKeys()
    const caller = new CacheCaller(cache, 0, 200, shared)
    await caller.fill()
    let turns = 0
    await caller.act(true, () => ++turns === 10)
    t.equal(caller.wrong > 0, forgets)
    t.equal(cache.status().entries === caller.kept + shared.keys, !forgets)
    t.equal(cache.status().computed, shared.keys)
  }
})

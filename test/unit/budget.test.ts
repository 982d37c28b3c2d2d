import { test } from 'tap'
import { Budget, type BudgetOptions, type BudgetState } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused } from '../fixtures/refused.js'

function budgetWith(options: BudgetOptions) {
  const clock = new FakeClock()
  return { clock, budget: new Budget(options, clock) }
}

test('what is spent is gone for good where there are no periods', async t => {
  const { clock, budget } = budgetWith({ requests: { limit: 2 } })
  budget.spend()
  budget.spend(1)
  clock.advance(1e12)
  refused(t, 'BUDGET_SPENT', /costs 1 of 'requests', of whose 2 there are 0 left. Make it smaller/, () =>
    budget.spend(),
  )
  t.match(budget.status(), {
    refused: 1,
    amounts: { requests: { limit: 2, spent: 2, reserved: 0, left: 0, resetMs: Number.POSITIVE_INFINITY } },
  })
})

test('with each period it begins anew', async t => {
  const { clock, budget } = budgetWith({ tokens: { limit: 100, perMs: 1000 } })
  budget.spend(100)
  clock.advance(250)
  t.throws(() => budget.spend(1), { code: 'BUDGET_SPENT', retryAfterMs: 750 })
  clock.advance(749)
  t.throws(() => budget.spend(1), { code: 'BUDGET_SPENT', retryAfterMs: 1 })
  clock.advance(1)
  budget.spend(60)
  clock.advance(3400)
  t.match(budget.status().amounts.tokens, { spent: 0, resetMs: 600 }, 'periods are counted from the beginning')
  t.throws(() => budget.spend(101), { code: 'BUDGET_SPENT', retryAfterMs: undefined }, 'no period will do')
})

test('a call takes of all amounts or of none', async t => {
  const { budget } = budgetWith({ requests: { limit: 10 }, tokens: { limit: 100 }, money: { limit: 50 } })
  t.strictSame(budget.names, ['requests', 'tokens', 'money'])
  budget.spend({ tokens: 60, money: 5 })
  refused(t, 'BUDGET_SPENT', /costs 41 of 'tokens', of whose 100 there are 40 left/, () => budget.spend({ tokens: 41 }))
  t.match(budget.status().amounts, { requests: { spent: 1 }, tokens: { spent: 60 }, money: { spent: 5 } })
  budget.spend({ requests: 0, tokens: 40 })
  budget.spend({ money: 1 })
  t.match(budget.status().amounts, { requests: { spent: 2 }, tokens: { left: 0 } })
})

test('what is set aside is not there for others until it is known what it was for', async t => {
  const { budget } = budgetWith({ tokens: { limit: 100 } })
  const call = budget.reserve(70)
  t.match(budget.status().amounts.tokens, { spent: 0, reserved: 70, left: 30 })
  t.throws(() => budget.reserve(31), { code: 'BUDGET_SPENT' })
  call.settle(20)
  t.match(budget.status().amounts.tokens, { spent: 20, reserved: 0, left: 80 })
  call.settle(70)
  call.release()
  t.match(budget.status().amounts.tokens, { spent: 20, reserved: 0 }, 'it is settled once')
  budget.reserve(80).release()
  t.equal(budget.status().amounts.tokens.left, 80)
  budget.reserve(10).settle()
  budget.reserve(10).settle(0)
  t.equal(budget.status().amounts.tokens.spent, 30)
  budget.reserve(10).settle(500)
  t.match(budget.status().amounts.tokens, { spent: 530, left: 0 }, 'what it did cost is counted in full')
})

test('of what a call does not name something must be left', async t => {
  const { budget } = budgetWith({ requests: { limit: 10 }, tokens: { limit: 100, perMs: 1000 }, money: { limit: 9 } })
  const call = budget.reserve({ money: 4 })
  call.settle({ tokens: 130 })
  t.match(budget.status().amounts, { requests: { spent: 1 }, tokens: { spent: 130 }, money: { spent: 4 } })
  t.throws(() => budget.reserve(), { code: 'BUDGET_SPENT', retryAfterMs: 1000, message: /does not say .* of 'tokens'/ })
  budget.reserve({ tokens: 0 }).settle()
  budget.spend({ money: 1 })
  t.match(budget.status().amounts, { requests: { spent: 3, reserved: 0 }, money: { spent: 5 } })
})

test('a call counts for the period in which it ends', async t => {
  const { clock, budget } = budgetWith({ tokens: { limit: 100, perMs: 1000 } })
  const call = budget.reserve(70)
  clock.advance(1000)
  t.match(budget.status().amounts.tokens, { spent: 0, reserved: 70 })
  call.settle()
  t.match(budget.status().amounts.tokens, { spent: 70, reserved: 0 })
})

test('a budget goes on from what was saved, calls under way counted as spent', async t => {
  const options = { requests: { limit: 10 }, tokens: { limit: 100, perMs: 1000 } }
  const { clock, budget } = budgetWith(options)
  clock.advance(300)
  budget.spend({ tokens: 10 })
  budget.reserve({ tokens: 25 })
  const saved = JSON.parse(JSON.stringify(budget.save())) as BudgetState
  t.match(saved, { requests: { spent: 2 }, tokens: { spent: 35, periodAgeMs: 300 } })
  const next = budgetWith(options)
  next.clock.advance(5)
  next.budget.restore(saved)
  t.strictSame(next.budget.save(), saved)
  next.budget.restore(saved, 600)
  t.match(next.budget.status().amounts.tokens, { spent: 35, resetMs: 100 })
  next.budget.restore(saved, 700)
  t.match(next.budget.status().amounts, { requests: { spent: 2 }, tokens: { spent: 0, resetMs: 1000 } })
})

test('subscribers hear what is set aside, spent and refused', async t => {
  const { budget } = budgetWith({ tokens: { limit: 10 } })
  const heard: string[] = []
  const stop = budget.subscribe(({ amounts: { tokens }, refused: no }) => {
    heard.push(`${tokens.spent} + ${tokens.reserved}, ${no}`)
  })
  budget.reserve(4).settle(3)
  t.throws(() => budget.spend(8))
  t.strictSame(heard, ['0 + 4, 0', '3 + 0, 0', '3 + 0, 1'])
  stop()
  budget.spend(1)
  t.equal(heard.length, 3)
  refused(t, 'OPTION_INVALID', /listener of a budget/, () => budget.subscribe(1 as never))
})

test('wrong options, costs and states are refused by name, and change nothing', async t => {
  const make = (options: unknown) => () => new Budget(options as BudgetOptions)
  refused(t, 'OPTION_INVALID', /Budget has 0 amounts/, make({}))
  refused(t, 'OPTION_INVALID', /options of Budget/, make(undefined))
  refused(t, 'OPTION_UNKNOWN', /'tokens.limits'.*'limit'/, make({ tokens: { limit: 1, limits: 1 } }))
  refused(t, 'OPTION_INVALID', /'tokens.limit' of Budget is -1/, make({ tokens: { limit: -1 } }))
  refused(t, 'OPTION_INVALID', /'tokens.perMs' of Budget is 0/, make({ tokens: { limit: 1, perMs: 0 } }))
  const { budget } = budgetWith({ tokens: { limit: 10 } })
  const before = budget.save()
  refused(t, 'OPTION_INVALID', /The cost of spend is nothing/, () => budget.spend())
  refused(t, 'OPTION_UNKNOWN', /names 'token'. did you mean 'tokens'/, () => budget.spend({ token: 1 }))
  refused(t, 'OPTION_INVALID', /has -1 of 'tokens'/, () => budget.reserve(-1))
  const call = budget.reserve(5)
  refused(t, 'OPTION_INVALID', /has NaN of 'tokens'/, () => call.settle(Number.NaN))
  call.release()
  refused(t, 'OPTION_UNKNOWN', /has a 'token'/, () => budget.restore({ token: { spent: 1, periodAgeMs: 0 } }))
  refused(t, 'OPTION_INVALID', /'tokens.spent'/, () => budget.restore({ tokens: { spent: -1, periodAgeMs: 0 } }))
  refused(t, 'OPTION_INVALID', /'elapsedMs'/, () => budget.restore(before, -1))
  t.strictSame(budget.save(), before)
})

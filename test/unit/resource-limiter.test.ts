import fc from 'fast-check'
import { test } from 'tap'
import {
  type LimitError,
  ResourceLimiter,
  type ResourceLimiterOptions,
  type Sampler,
  type TickKind,
} from '../../lib/index.js'
import { processSampler } from '../../lib/services/process-sample.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const MB = 2 ** 20

/** A limiter whose process takes what the test says. */
function limiterOf(options: ResourceLimiterOptions) {
  const clock = new FakeClock()
  const taken = { memoryBytes: 100 * MB, cpuPercent: 50 }
  let samples = 0
  const sampler: Sampler = async () => {
    samples++
    return { ...taken }
  }
  return { limiter: new ResourceLimiter(options, sampler, clock), clock, taken, samples: () => samples }
}

test('without a limit everything may be, and nothing is measured', async t => {
  const { limiter, samples } = limiterOf({})
  t.equal(limiter.note('births', 1e9), 1e9)
  t.strictSame(await limiter.checkLimits(), { action: 'go', reached: [], slowdown: 1 })
  t.equal(samples(), 0)
})

test('memory and CPU are measured once a second at most', async t => {
  const { limiter, clock, taken, samples } = limiterOf({ maxMemoryMb: 200, maxCpuPercent: 100 })
  t.match(limiter.status(), { action: 'go', usage: { memoryMb: undefined, cpuPercent: undefined } })
  await Promise.all([limiter.checkLimits(), limiter.checkLimits(), limiter.getUsage()])
  t.equal(samples(), 1)
  taken.memoryBytes = 201 * MB
  clock.advance(999)
  t.equal((await limiter.checkLimits()).action, 'go')
  clock.advance(1)
  await refusedLater(t, 'LIMIT_EXCEEDED', /201 MB of memory, more than maxMemoryMb of 200/, () => limiter.checkLimits())
  t.equal(samples(), 2)
  t.match(limiter.status(), { action: 'throw', usage: { memoryMb: 201, cpuPercent: 50 } })
})

test('an error says which limit, and by how much', async t => {
  const { limiter, taken } = limiterOf({ maxCpuPercent: 100 })
  taken.cpuPercent = 150.25
  const error: LimitError = await limiter.checkLimits().then(
    () => t.fail('nothing was thrown'),
    error => error,
  )
  t.strictSame(error.reached, { limit: 'cpu', used: 150.25, most: 100, policy: 'throw' })
  t.match(error.message, /takes 150\.3% of CPU, more than maxCpuPercent of 100\./)
})

test('each limit may have a policy of its own, and the most severe one decides', async t => {
  const options: ResourceLimiterOptions = {
    maxMemoryMb: 50,
    maxCpuPercent: 40,
    maxAgents: 10,
    policy: 'throttle',
    policies: { agents: 'pause' },
  }
  const { limiter, taken } = limiterOf(options)
  t.match(await limiter.checkLimits(), {
    action: 'throttle',
    slowdown: 2,
    reached: [{ limit: 'memory' }, { limit: 'cpu' }],
  })
  limiter.noteAgents({ wolf: 5, sheep: 6 })
  t.match(limiter.judge(), { action: 'pause', slowdown: 2, reached: { length: 3 } })
  limiter.noteAgents({ wolf: 5, sheep: 5 })
  taken.cpuPercent = 0
  t.equal(limiter.judge().action, 'throttle')
})

test('what goes beyond a tick’s limit is thrown, cut or noted, and counted', async t => {
  const perTick = { births: 10, messages: 10, events: 10, asks: 10 }
  const policies = { births: 'throw', messages: 'throttle', events: 'pause' } as const
  const { limiter } = limiterOf({ perTick, policies })
  limiter.beginTick(7)
  t.equal(limiter.note('births', 10), 10)
  refused(t, 'LIMIT_EXCEEDED', /11 births in one tick are more than perTick\.births of 10/, () =>
    limiter.note('births'),
  )
  t.strictSame([limiter.note('messages', 8), limiter.note('messages', 8), limiter.note('messages', 8)], [8, 2, 0])
  t.equal(limiter.judge().action, 'go', 'what was cut is within')
  t.equal(limiter.note('events', 25), 25)
  t.strictSame(limiter.judge().reached, [{ limit: 'events', used: 25, most: 10, policy: 'pause' }])
  t.match(limiter.status().usage, {
    tick: 7,
    perTick: {
      births: { used: 10, refused: 0 },
      messages: { used: 10, refused: 14, totalUsed: 10, totalRefused: 14 },
      events: { used: 25, totalUsed: 25 },
      asks: { used: 0 },
    },
  })
  limiter.beginTick(8)
  t.equal(limiter.judge().action, 'go')
  t.equal(limiter.note('messages', 3), 3)
  t.match(limiter.status().usage.perTick.messages, { used: 3, refused: 0, totalUsed: 13, totalRefused: 14 })
})

test('births are agents: of all, and of their population', async t => {
  const options: ResourceLimiterOptions = { maxAgents: 20, quotas: { wolf: 5 }, policy: 'throttle' }
  const { limiter } = limiterOf(options)
  limiter.noteAgents({ wolf: 3, sheep: 10 })
  t.equal(limiter.note('births', 4, 'wolf'), 2)
  t.equal(limiter.note('births', 9, 'sheep'), 5)
  t.equal(limiter.note('births', 1), 0)
  t.match(limiter.status().usage, { agents: 20, agentsOf: { wolf: 5, sheep: 15 } })
  t.match(limiter.status().usage.perTick.births, { used: 7, refused: 7 })
  limiter.noteAgents({ wolf: 6, sheep: 1 })
  t.match(limiter.judge().reached, [{ limit: 'agents', population: 'wolf', used: 6, most: 5 }])
  const { limiter: strict } = limiterOf({ ...options, policy: 'throw' })
  strict.noteAgents({ wolf: 5 })
  refused(t, 'LIMIT_EXCEEDED', /6 agents of 'wolf' are more than their quota of 5/, () =>
    strict.note('births', 1, 'wolf'),
  )
  t.match(strict.status().usage, { agents: 5, perTick: { births: { used: 0, totalUsed: 0 } } }, 'nothing was counted')
})

test('a process that cannot be measured is told, once a second', async t => {
  const clock = new FakeClock()
  let answer: () => Promise<unknown> = async () => {
    throw new Error('no /proc')
  }
  let samples = 0
  const sampler = (() => {
    samples++
    return answer()
  }) as Sampler
  const limiter = new ResourceLimiter({ maxMemoryMb: 1 }, sampler, clock)
  await refusedLater(t, 'LIMIT_NOT_MEASURED', /no \/proc/, () => limiter.checkLimits())
  await refusedLater(t, 'LIMIT_NOT_MEASURED', /no \/proc/, () => limiter.getUsage())
  t.equal(samples, 1)
  clock.advance(1000)
  answer = async () => ({ memoryBytes: Number.NaN })
  await refusedLater(t, 'LIMIT_NOT_MEASURED', /no numbers/, () => limiter.checkLimits())
  clock.advance(1000)
  answer = () => new Promise(() => undefined)
  const waiting = refusedLater(t, 'LIMIT_NOT_MEASURED', /longer than 5000 ms/, () => limiter.checkLimits())
  clock.advance(5000)
  await waiting
})

test('two who measure one process count its CPU each from their own last sample', async t => {
  let reading = { memory: MB, ctime: 100, elapsed: 1000 }
  const [ours, theirs] = [processSampler(async () => reading), processSampler(async () => reading)]
  const percents = async () => [(await ours()).cpuPercent, (await theirs()).cpuPercent]
  t.strictSame(await percents(), [0, 0], 'there is no time before the first sample')
  reading = { memory: MB, ctime: 600, elapsed: 2000 }
  t.strictSame(await percents(), [50, 50])
  t.strictSame(await ours(), { memoryBytes: MB, cpuPercent: 50 }, 'in no time it is what it was')
})

test('this process is measured by pidusage', async t => {
  const limiter = new ResourceLimiter()
  const { memoryMb, cpuPercent } = await limiter.getUsage()
  t.ok(memoryMb !== undefined && memoryMb > 10 && memoryMb < 10_000, `${memoryMb} MB`)
  t.ok(cpuPercent !== undefined && cpuPercent >= 0, `${cpuPercent}%`)
})

test('bad input is refused, and changes nothing', async t => {
  const { limiter } = limiterOf({})
  refused(t, 'LIMIT_NOTE_INVALID', /'birth'.*'births'/, () => limiter.note('birth' as TickKind))
  for (const n of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1' as unknown as number]) {
    refused(t, 'LIMIT_NOTE_INVALID', /The number of births/, () => limiter.note('births', n))
    refused(t, 'LIMIT_NOTE_INVALID', /agents of 'wolf'/, () => limiter.noteAgents({ sheep: 1, wolf: n }))
    refused(t, 'LIMIT_NOTE_INVALID', /The tick/, () => limiter.beginTick(n))
  }
  t.match(limiter.status().usage, { tick: 0, agents: 0, perTick: { births: { totalUsed: 0 } } })
  const wrong: [object, RegExp][] = [
    [{ maxMemoryMb: 0 }, /'maxMemoryMb'/],
    [{ maxCpuPercent: -1 }, /'maxCpuPercent'/],
    [{ maxAgents: 1.5 }, /'maxAgents'/],
    [{ quotas: { wolf: -1 } }, /'quotas\.wolf'/],
    [{ perTick: { births: '1' } }, /'perTick\.births'/],
    [{ policy: 'stop' }, /'policy'/],
    [{ policies: { cpu: 'stop' } }, /'policies\.cpu'/],
  ]
  for (const [options, words] of wrong) refused(t, 'OPTION_INVALID', words, () => new ResourceLimiter(options))
  refused(t, 'OPTION_UNKNOWN', /'maxMemoryMB'.*'maxMemoryMb'/, () => new ResourceLimiter({ maxMemoryMB: 1 } as object))
  refused(
    t,
    'OPTION_UNKNOWN',
    /'perTick\.birth'.*'births'/,
    () => new ResourceLimiter({ perTick: { birth: 1 } } as object),
  )
})

test('the same figures give the same verdicts, and no tick has more than its limit', async t => {
  const note = fc.record({ n: fc.nat(20), tick: fc.boolean() })
  fc.assert(
    fc.property(fc.array(note), fc.nat(30), (notes, most) => {
      const limiters = [1, 2].map(() => limiterOf({ perTick: { asks: most }, policy: 'throttle' }).limiter)
      let used = 0
      let asked = 0
      for (const [tick, step] of notes.entries()) {
        if (step.tick) {
          for (const limiter of limiters) limiter.beginTick(tick)
          used = 0
        }
        const [a, b] = limiters.map(limiter => limiter.note('asks', step.n))
        if (a !== b || a !== Math.min(step.n, most - used)) return false
        used += a
        asked += step.n
      }
      const { totalUsed, totalRefused } = limiters[0].status().usage.perTick.asks
      return totalUsed + totalRefused === asked
    }),
  )
  t.pass()
})

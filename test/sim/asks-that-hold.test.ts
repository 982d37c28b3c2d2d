// Runs that hold where an answer is due: what a host may do meanwhile, and what ends it.
import t from 'tap'
import { Simulation, type SimulationOptions } from '../../lib/index.js'
import type pupils from '../fixtures/pupils.js'
import type { Question } from '../fixtures/pupils.js'

const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
const turn = () => new Promise(resolve => setImmediate(resolve))

const make = (o: SimulationOptions) => Simulation.create<typeof pupils>(PUPILS, { seed: 3, ...o })

/** Resolves when the run has come to where the first exams, of tick 0, are due. */
async function held(sim: Simulation<typeof pupils>): Promise<void> {
  while (sim.tick < 6) await turn()
}

t.test('a run holds where an answer is due and not there, and goes on when it comes', async t => {
  for (const workers of [0, 1]) {
    const answers: (() => void)[] = []
    const examiner = ({ who }: Question) => new Promise(resolve => answers.push(() => resolve(who)))
    await using sim = await make({ workers, services: { examiner } })
    let isDone = false
    const running = sim.run({ ticks: 10 }).then(() => {
      isDone = true
    })
    await held(sim)
    t.equal(await sim.read(({ tick }) => tick), 6, 'it can be read meanwhile')
    t.equal((await sim.command('hush', null)).tick, 6, 'and sent a command')
    t.notOk(isDone)
    while (!isDone) {
      for (const answer of answers.splice(0)) answer()
      await turn()
    }
    await running
    t.equal(sim.tick, 10)
    t.ok(sim.counters.asks.exam.ok > 0)
  }
})

t.test('a run that holds can be stopped, aborted and closed; a call that nobody waits for is told so', async t => {
  const signals: AbortSignal[] = []
  const examiner = (_: Question, { signal }: { readonly signal: AbortSignal }) => {
    signals.push(signal)
    return new Promise(() => undefined)
  }
  await using sim = await make({ workers: 0, services: { examiner } })
  const stopped = sim.run({ ticks: 10 })
  await held(sim)
  await sim.stop()
  await stopped
  t.equal(sim.tick, 6)
  const abort = new AbortController()
  const aborted = sim.run({ ticks: 10, signal: abort.signal })
  await turn()
  abort.abort()
  await t.rejects(aborted, { code: 'ABORTED' })
  const closed = sim.run({ ticks: 10 })
  await turn()
  t.notOk(signals.some(s => s.aborted))
  await Promise.all([sim.close(), t.rejects(closed, { code: 'SIM_CLOSED' })])
  t.ok(signals.length > 0 && signals.every(s => s.aborted))
})

t.test('in real time a run holds too', async t => {
  const answers: (() => void)[] = []
  const examiner = ({ who }: Question) => new Promise(resolve => answers.push(() => resolve(who)))
  await using sim = await make({ workers: 0, services: { examiner } })
  await sim.start({ hz: 1000 })
  await held(sim)
  for (let i = 0; i < 20; i++) await turn()
  t.equal(sim.tick, 6)
  while (sim.tick < 8) {
    for (const answer of answers.splice(0)) answer()
    await turn()
  }
  await sim.stop()
})

t.test('a service that is over its time is late, and the run goes on', async t => {
  const examiner = { ask: () => new Promise(() => undefined), timeoutMs: 20 }
  await using sim = await make({ workers: 0, services: { examiner } })
  await sim.run({ ticks: 7 })
  t.ok(sim.counters.asks.exam.late > 0)
  t.match(sim.services.examiner.lastReason, /No answer within 20 ms/)
})

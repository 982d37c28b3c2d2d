// Leases of cores: threads spin at barriers only while all leases of the process fit its cores.
import t from 'tap'
import { BARRIER_SPINS } from '../../lib/core/limits.js'
import { CORES, leaseCores } from '../../lib/services/cores.js'
import { TaskQueue } from '../../lib/services/task-queue.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { FakeRunner } from '../fixtures/fake-runner.js'

t.test('spins are given while the leases fit the cores, taken while they do not, and given again', async t => {
  const first: number[] = []
  const second: number[] = []
  const endFirst = leaseCores(CORES, spins => first.push(spins))
  t.same(first, [BARRIER_SPINS])
  const endSecond = leaseCores(1, spins => second.push(spins))
  t.same(first, [BARRIER_SPINS, 0])
  t.same(second, [0])
  endSecond()
  t.same(first, [BARRIER_SPINS, 0, BARRIER_SPINS])
  endSecond()
  t.equal(first.length, 3, 'a lease ends once')
  endFirst()
})

t.test('a lease of more threads than cores never spins', async t => {
  const spins: number[] = []
  leaseCores(CORES + 1, n => spins.push(n))()
  t.same(spins, [0])
})

t.test('a task that runs leases a core, so crews spin no more while there are too few', async t => {
  const runner = new FakeRunner()
  const queue = new TaskQueue({ maxWorkers: 1 }, new FakeClock(), () => runner)
  const enqueue = () => queue.enqueue({ module: 'file:///tasks.js' })
  const spins: number[] = []
  const endLease = leaseCores(CORES, n => spins.push(n))
  queue.start()
  enqueue()
  const id = enqueue()
  t.equal(spins.at(-1), 0)
  await runner.running[0].done(1)
  t.equal(spins.at(-1), 0, 'the next one runs')
  queue.cancel(id)
  t.equal(spins.at(-1), BARRIER_SPINS)
  endLease()
})

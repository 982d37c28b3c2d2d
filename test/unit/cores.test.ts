// Leases of cores: threads spin at barriers only while all leases of the process fit its cores.
import t from 'tap'
import { BARRIER_SPINS } from '../../lib/core/limits.js'
import { CORES, leaseCores } from '../../lib/services/cores.js'

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

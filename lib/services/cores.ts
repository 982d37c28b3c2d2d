// The broker of cores: all crews and task queues of a process lease the threads they keep busy. Threads spin at
// barriers only while all leases fit the cores: two crews of two that spin on two cores take 20 µs a barrier, not 0.7.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { BARRIER_SPINS } from '../core/limits.js'

/** A lease of some cores; `grant` is told, now and at each change, how long its threads may spin. */
interface Lease {
  readonly threads: number
  grant(spins: number): void
}

const leases = new Set<Lease>()

/** Cores allowed by a control group's quota (cgroup v2, cpu.max), or Infinity. */
function quota(): number {
  try {
    const [limit, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').split(' ')
    return limit === 'max' ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(Number(limit) / Number(period)))
  } catch {
    return Number.POSITIVE_INFINITY // no such file: no control group, or not Linux
  }
}

/** Cores that this process may keep busy. */
export const CORES = Math.min(availableParallelism(), quota())

function grantAll(): void {
  let busy = 0
  for (const { threads } of leases) busy += threads
  for (const lease of leases) lease.grant(busy <= CORES ? BARRIER_SPINS : 0)
}

/** Leases cores while threads are busy; gives what ends the lease. */
export function leaseCores(threads: number, grant: (spins: number) => void): () => void {
  const lease = { threads, grant }
  leases.add(lease)
  grantAll()
  return () => {
    if (leases.delete(lease)) grantAll()
  }
}

// populace prune: takes checkpoints of a run away by a policy, or the whole run.
import { storeAt } from '../run/stores.js'
import { ticksToDelete } from '../state/retention.js'
import { RunPartitions } from '../state/run-partitions.js'
import { findRun } from '../state/stored-state.js'
import { type Arguments, wrongUsage } from './arguments.js'
import { bytes, grouped } from './numbers.js'
import { reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'

/** Runs the command. */
export async function prune(given: Arguments): Promise<number> {
  const print = reserveStdout()
  const keepLast = given.integer('keep-last', 1)
  const keepEveryTicks = given.integer('keep-every', 1)
  const whole = given.has('delete')
  if (whole === (keepLast !== undefined) || (whole && keepEveryTicks !== undefined))
    throw wrongUsage('populace prune is not told what to keep', 'Give --keep-last (and --keep-every), or --delete.')
  const store = await storeAt(given.scenario)
  try {
    const { run } = await findRun(store, given.text('run'))
    const checkpoints = await store.checkpoints(run)
    const writer = await store.write(run)
    const policy = { keepLast: keepLast ?? 1, ...(keepEveryTicks === undefined ? {} : { keepEveryTicks }) }
    const gone = whole ? checkpoints.map(c => c.tick) : ticksToDelete(checkpoints, policy)
    if (whole) await writer.deleteRun()
    else if (gone.length > 0) {
      const partitions = await RunPartitions.open(
        store,
        writer,
        checkpoints.map(c => c.tick),
      )
      await writer.deleteCheckpoints(gone)
      await partitions.forget(gone)
      await partitions.shelf.sweep([])
    }
    await writer.close()
    const freed = checkpoints.filter(c => gone.includes(c.tick)).reduce((n, c) => n + c.bytes, 0)
    const report = {
      version: packageVersion(),
      run,
      deleted: gone.length,
      kept: checkpoints.length - gone.length,
      freed,
    }
    if (given.has('json')) print(JSON.stringify(report))
    else
      print(
        whole
          ? `Run '${run}' is deleted, with ${grouped(gone.length)} checkpoints.`
          : `Of run '${run}' ${grouped(gone.length)} checkpoints of ${bytes(freed)} are deleted, ${grouped(report.kept)} kept.`,
      )
    return 0
  } finally {
    await store.close()
  }
}

// A thread of a task queue: imports the module of a task when it is first asked for it, and calls the function that it
// names. What a task returns goes back as it is, so that what it moves is moved; what it throws goes back as plain data.
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import { PopulaceError, toErrorData } from '../lib/core/errors.js'
import { PROGRESS_MS } from '../lib/core/limits.js'
import type { TaskCall, TaskContext, TaskProgress, ThrownByTask } from '../lib/services/task-call.js'

type Work = (args: unknown, context: TaskContext) => unknown

const load = createRequire(import.meta.url)
const found = new Map<string, Work>()

async function find({ module, name }: TaskCall): Promise<Work> {
  let exported: Record<string, unknown>
  try {
    exported = await import(module)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new PopulaceError(
      'TASK_INVALID',
      `The module ${module} cannot be imported: ${why}`,
      'Mend its URL or the module.',
    )
  }
  const work = exported[name]
  if (typeof work !== 'function') {
    const remedy = `It exports: ${Object.keys(exported).join(', ') || 'nothing'}.`
    throw new PopulaceError('TASK_INVALID', `The module ${module} exports no function '${name}'`, remedy)
  }
  found.set(`${name} ${module}`, work as Work)
  return work as Work
}

function contextOf({ id, attempt }: TaskCall): TaskContext {
  let told = Number.NEGATIVE_INFINITY
  return {
    id,
    attempt,
    progress(value) {
      const now = performance.now()
      if (now - told < PROGRESS_MS) return
      told = now
      const report: TaskProgress = { taskProgress: { id, attempt, value } }
      parentPort?.postMessage(report)
    },
    // Loaded by those who move something; the same module that sends what the task returns.
    move: value => (load('piscina') as typeof Piscina).move(value as never) as typeof value,
  }
}

/** Runs one try of a task. */
export default async function task(call: TaskCall): Promise<unknown> {
  try {
    const work = found.get(`${call.name} ${call.module}`) ?? (await find(call))
    return await work(call.args, contextOf(call))
  } catch (error) {
    const thrown: ThrownByTask = { thrown: toErrorData(error) }
    throw thrown
  }
}

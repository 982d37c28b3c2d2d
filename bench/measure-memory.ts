// Asks a process of its own what its memory is while it does something.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { MemoryReport, MemoryTask } from './memory-process.js'

export function measureMemory(task: MemoryTask): Promise<MemoryReport> {
  const child = fork(fileURLToPath(new URL('./memory-process.js', import.meta.url)), [JSON.stringify(task)], {
    execArgv: ['--expose-gc'],
  })
  return new Promise((resolve, reject) => {
    let report: MemoryReport | undefined
    child.on('message', message => {
      report = message as MemoryReport // the only message that memory-process.ts sends
    })
    child.on('error', reject)
    child.on('exit', code => {
      if (report && code === 0) resolve(report)
      else reject(new Error(`a process of the memory case ended with code ${code}`))
    })
  })
}

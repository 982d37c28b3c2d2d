// Asks a process of its own what its memory is while it does something.
import { askProcess } from './ask-process.js'
import type { MemoryReport, MemoryTask } from './memory-process.js'

export function measureMemory(task: MemoryTask): Promise<MemoryReport> {
  const module = new URL('./memory-process.js', import.meta.url)
  return askProcess<MemoryReport>(module, [JSON.stringify(task)], 'a process of the memory case')
}

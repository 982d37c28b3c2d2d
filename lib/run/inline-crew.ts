// The inline crew: one member on the main thread, no barriers to wait at. It lets the host's event loop turn every few
// milliseconds, between ticks; a tick that takes longer holds the loop, so workers are for those.
import { setImmediate as turn } from 'node:timers/promises'
import { fromErrorData } from '../core/errors.js'
import { INLINE_SLICE_MS } from '../core/limits.js'
import type { Memories } from '../memory/arena.js'
import { type CapturePlan, captureShare } from '../state/capture.js'
import type { HashPart, HashSums } from '../state/content-hash.js'
import type { StateImage } from '../state/image.js'
import type { RecordEntry } from '../state/journal.js'
import { restoreWorld } from '../state/restore.js'
import { type Batch, type BatchEnd, type Control, REASON } from './control.js'
import type { Crew } from './crew.js'
import { hashBlocks } from './hasher.js'
import { loadPartition } from './load-partition.js'
import { Member } from './member.js'
import type { Plan } from './plan.js'
import { schemaOf } from './schema-of.js'
import { placeFrames, runSetup, type SetupResult } from './setup.js'

export class InlineCrew implements Crew {
  readonly control: Control
  readonly #plan: Plan
  readonly #member: Member
  readonly #abort = new AbortController()
  readonly #now: () => number
  #sliceEnd = 0
  #batches = 0

  constructor(plan: Plan, memories: Memories, control: Control) {
    this.control = control
    this.#plan = plan
    // Bound now: checks mode refuses the clock to what runs inside a tick, and this runs between ticks.
    this.#now = performance.now.bind(performance)
    this.#member = new Member({ plan, memories, control, thread: 0, pause: () => this.#now() >= this.#sliceEnd })
    placeFrames(plan, this.#member.memory)
  }

  setup(known: readonly RecordEntry[]): Promise<SetupResult> {
    return runSetup(this.#plan, this.#member.memory, known, this.#abort.signal)
  }

  async restore(image: StateImage): Promise<void> {
    restoreWorld(this.#member.memory, image, schemaOf(this.#plan.scenario))
  }

  loadPartition(partition: number, tick: number): Promise<void> {
    return loadPartition(this.#plan, this.#member.memory, partition, tick)
  }

  async bind(): Promise<void> {
    this.#member.bind()
  }

  async step(batch: Batch): Promise<BatchEnd> {
    let next = batch
    for (;;) {
      this.control.prepare(next)
      this.#sliceEnd = this.#now() + INLINE_SLICE_MS
      this.#member.run(++this.#batches)
      const end = this.control.end()
      if (end.reason === REASON.failed)
        throw fromErrorData(this.#member.failure() ?? { name: 'Error', message: 'a tick failed' })
      if (end.reason !== REASON.slice) return end
      await turn()
      next = { ...batch, tick: end.tick, position: 0, stopPosition: -1 }
    }
  }

  async hash(part: HashPart): Promise<HashSums[]> {
    return [hashBlocks(this.#member.memory, part, 0, 1)]
  }

  async capture(plan: CapturePlan, buffer: SharedArrayBuffer): Promise<void> {
    for (let n = 0; n < plan.shares; n++) captureShare(this.#member.memory, plan, buffer, n)
  }

  async close(): Promise<void> {
    this.#abort.abort()
  }
}

// A worker's side of a pool crew: what the main thread may ask of it through Comlink while it is in its event loop, and
// the loop that steps a batch each time the main thread launches one.
import { type ErrorData, toErrorData } from '../core/errors.js'
import type { Memories } from '../memory/arena.js'
import { type CapturePlan, captureShare } from '../state/capture.js'
import type { HashPart, HashSums } from '../state/content-hash.js'
import type { StateImage } from '../state/image.js'
import type { RecordEntry } from '../state/journal.js'
import { restoreWorld } from '../state/restore.js'
import { Control } from './control.js'
import { guardThread } from './forbidden.js'
import { hashBlocks } from './hasher.js'
import { loadScenario } from './load.js'
import { loadPartition } from './load-partition.js'
import { Member } from './member.js'
import { makePlan, type Plan, type PlanOptions } from './plan.js'
import { schemaOf } from './schema-of.js'
import { placeFrames, runSetup, type SetupResult } from './setup.js'

/** What a worker is started with. */
export interface CrewTask {
  readonly url: string
  readonly options: PlanOptions
  readonly thread: number
  readonly control: SharedArrayBuffer
}

/** An answer that keeps an error's code on its way across threads. */
export type Answer<T> = { readonly value: T } | { readonly error: ErrorData }

async function answer<T>(work: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    return { error: toErrorData(error) }
  }
}

export class CrewService {
  readonly #task: CrewTask
  readonly #control: Control
  readonly #abort = new AbortController()
  #plan: Plan | undefined
  #member: Member | undefined
  #closed = false

  constructor(task: CrewTask) {
    this.#task = task
    this.#control = new Control(task.control)
  }

  /** Imports the scenario and looks at the world's memories. Called again when setup needs smaller blocks. */
  load(memories: Memories, blocks: PlanOptions['blocks']): Promise<Answer<readonly string[]>> {
    return answer(async () => {
      const { url, options, thread } = this.#task
      if (options.checks) guardThread() // for the life of the thread, before the scenario can take hold of a clock
      this.#plan = makePlan(await loadScenario(url), { ...options, blocks })
      this.#member = new Member({ plan: this.#plan, memories, control: this.#control, thread })
      placeFrames(this.#plan, this.#member.memory)
      return [...this.#plan.scenario.loaders.keys()]
    })
  }

  #loaded(): { plan: Plan; member: Member } {
    if (!this.#plan || !this.#member) throw new Error('a crew is loaded before it is used')
    return { plan: this.#plan, member: this.#member }
  }

  /** Runs the scenario's setup in this thread. */
  setup(known: readonly RecordEntry[]): Promise<Answer<SetupResult>> {
    return answer(() => {
      const { plan, member } = this.#loaded()
      return runSetup(plan, member.memory, known, this.#abort.signal)
    })
  }

  /** Fills the world from an image in this thread. */
  restore(image: StateImage): Promise<Answer<void>> {
    return answer(() => {
      const { plan, member } = this.#loaded()
      restoreWorld(member.memory, image, schemaOf(plan.scenario))
    })
  }

  /** Calls the loader of a partition in this thread. */
  loadPartition(partition: number, tick: number): Promise<Answer<void>> {
    return answer(() => {
      const { plan, member } = this.#loaded()
      return loadPartition(plan, member.memory, partition, tick)
    })
  }

  /** Binds the kernels (a Comlink proxy keeps the name bind for itself), and from then on steps whatever is launched. */
  prepare(): Promise<Answer<void>> {
    return answer(() => {
      this.#loaded().member.bind()
      this.#serve()
    })
  }

  async #serve(): Promise<void> {
    const { member } = this.#loaded()
    let last = this.#control.launched
    while (!this.#closed) {
      last = await this.#control.waitForGo(last)
      member.run(last)
    }
  }

  /** Why the last batch failed, if it did in this thread. */
  failure(): ErrorData | undefined {
    return this.#member?.failure()
  }

  /** This thread's share of the content hash. */
  hash(part: HashPart, of: number): Promise<Answer<HashSums>> {
    return answer(() => hashBlocks(this.#loaded().member.memory, part, this.#task.thread, of))
  }

  /** Copies this thread's share of the world into an image's memory. */
  capture(plan: CapturePlan, buffer: SharedArrayBuffer): Promise<Answer<void>> {
    return answer(() => captureShare(this.#loaded().member.memory, plan, buffer, this.#task.thread))
  }

  /** Ends what this service waits for. */
  close(): void {
    this.#closed = true
    this.#abort.abort()
  }
}

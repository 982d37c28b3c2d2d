// Codes checkpoints in the threads of a host's task queue, so that a process has one set of them. What the queue does not
// take, has no thread for or loses, the codec of the process does: nothing that befalls the queue fails a checkpoint, and
// the bytes are the same whoever codes them. The queue is its owner's: it gets a few batches at a time, so that it is not
// full for what the host enqueues.
import { type Clock, systemClock } from '../core/clock.js'
import { fromErrorData } from '../core/errors.js'
import { CODEC_TASK_PRIORITY, CODEC_TASK_TIMEOUT_MS, CODEC_TASK_WAIT_MS, MAX_CODEC_THREADS } from '../core/limits.js'
import { CORES } from '../services/cores.js'
import type { TaskQueue } from '../services/task-queue.js'
import type { Chunk, DecodeTask, EncodeTask, Piece } from '../state/chunks.js'
import {
  type Codec,
  type CodecAnswer,
  type CodecTask,
  codecBatches,
  inlineCodec,
  isSmall,
  threadCodec,
} from '../state/codec.js'

const CODER = { module: new URL('../../workers/codec.js', import.meta.url) }
const OPTIONS = { priority: CODEC_TASK_PRIORITY, timeout: CODEC_TASK_TIMEOUT_MS, keepResult: false }

/** Batches in the queue at once: one that waits for each thread, so that none waits for the main thread. */
const LANES = 2 * Math.min(CORES, MAX_CODEC_THREADS)

/** What a codec of tasks has done. */
export interface TaskCodecCounts {
  /** Batches that the queue was given. */
  readonly batches: number
  /** Those of them that it did not do. */
  readonly lost: number
  /** Chunks that the process coded in place of the queue. */
  readonly elsewhere: number
}

/** What of a task queue it calls. */
export type CodecQueue = Pick<TaskQueue, 'enqueue' | 'getResult' | 'getStatus' | 'getStats' | 'cancel'>

export class TaskCodec implements Codec {
  readonly #queue: CodecQueue
  readonly #elsewhere: Codec
  readonly #clock: Clock
  readonly #counts = { batches: 0, lost: 0, elsewhere: 0 }

  /** @param elsewhere - who codes what the queue does not. @param clock - for tests. */
  constructor(queue: CodecQueue, elsewhere: Codec = threadCodec, clock: Clock = systemClock) {
    this.#queue = queue
    this.#elsewhere = elsewhere
    this.#clock = clock
  }

  get counts(): TaskCodecCounts {
    return { ...this.#counts }
  }

  async encode(tasks: readonly EncodeTask[]): Promise<Chunk[]> {
    if (isSmall(tasks)) return inlineCodec.encode(tasks)
    const chunks = new Array<Chunk>(tasks.length)
    const left = await this.#inQueue(tasks, async (batch, first, ask) => {
      const coded = (await ask({ encode: batch }))?.chunks
      for (const [i, chunk] of coded?.entries() ?? []) chunks[first + i] = chunk
      return coded !== undefined
    })
    if (left.length === 0) return chunks
    const rest = await this.#elsewhere.encode(left.map(i => tasks[i]))
    for (const [i, chunk] of rest.entries()) chunks[left[i]] = chunk
    return chunks
  }

  async decode(tasks: readonly DecodeTask[]): Promise<void> {
    if (isSmall(tasks)) return inlineCodec.decode(tasks)
    const left = await this.#inQueue(tasks, async (batch, _first, ask) => {
      // Into memory of its own: what a thread leaves that is ended in the middle would be no base to decode from again.
      const own = batch.map(apart)
      const answer = await ask({ decode: own })
      if (answer) for (const [i, piece] of own.entries()) bytesOf(batch[i]).set(bytesOf(piece))
      return answer !== undefined
    })
    if (left.length > 0) await this.#elsewhere.decode(left.map(i => tasks[i]))
  }

  /**
   * Has tasks done in the queue, a batch at a time in each of some lanes, until it loses one: `work` says whether it has not.
   * Gives the numbers of the tasks that are not done.
   */
  async #inQueue<T extends Piece>(
    tasks: readonly T[],
    work: (
      batch: readonly T[],
      first: number,
      ask: (task: CodecTask) => Promise<Coded | undefined>,
    ) => Promise<boolean>,
  ): Promise<number[]> {
    const left: number[] = []
    const batches = codecBatches(tasks, LANES)
    const turn = new Turn(this.#queue, this.#clock)
    let isTaken = this.#queue.getStats().state === 'started' // before that it takes what it does not do
    let next = 0
    let first = 0
    const lane = async () => {
      while (next < batches.length) {
        const batch = batches[next++]
        const from = first
        first += batch.length
        if (isTaken) this.#counts.batches++
        if (isTaken && (await work(batch, from, task => turn.ask(task)))) continue
        if (isTaken) this.#counts.lost++
        isTaken = false
        left.push(...batch.map((_, i) => from + i))
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    this.#counts.elsewhere += left.length
    return left
  }
}

/** An answer that is no error. */
type Coded = Extract<CodecAnswer, { chunks: unknown }>

/** Batches that are in a queue together. Where none of them is given a thread in time, all are taken back. */
class Turn {
  readonly #queue: CodecQueue
  readonly #clock: Clock
  readonly #open = new Set<number>()
  #stopTimer = () => {}

  constructor(queue: CodecQueue, clock: Clock) {
    this.#queue = queue
    this.#clock = clock
  }

  /** undefined: the queue did not do it. SNAPSHOT_INVALID. */
  async ask(task: CodecTask): Promise<Coded | undefined> {
    const answer = await this.#answer(task)
    if (answer && 'error' in answer) throw fromErrorData(answer.error)
    return answer
  }

  async #answer(task: CodecTask): Promise<CodecAnswer | undefined> {
    let id: number | undefined
    try {
      id = this.#queue.enqueue(CODER, task, OPTIONS)
      this.#open.add(id)
      this.#watch()
      return await this.#queue.getResult<CodecAnswer>(id)
    } catch {
      return undefined // it is full or stopped, or the task was cancelled or crashed: it is counted, and done elsewhere
    } finally {
      if (id !== undefined) this.#open.delete(id)
      this.#watch()
    }
  }

  /** Something was begun or has ended: from here on they may wait again. */
  #watch(): void {
    this.#stopTimer()
    this.#stopTimer = this.#open.size === 0 ? () => {} : this.#clock.after(CODEC_TASK_WAIT_MS, () => this.#look())
  }

  #look(): void {
    const ids = [...this.#open]
    if (ids.some(id => this.#queue.getStatus(id).state === 'running')) this.#watch()
    else for (const id of ids) this.#queue.cancel(id)
  }
}

const bytesOf = ({ buffer, offset, bytes }: Piece) => new Uint8Array(buffer, offset, bytes)

/** The same in memory of its own, with what lies there, and without what else lies beside its stored bytes. */
function apart(task: DecodeTask): DecodeTask {
  const buffer = new SharedArrayBuffer(task.bytes)
  new Uint8Array(buffer).set(bytesOf(task))
  return { ...task, chunk: { ...task.chunk, stored: task.chunk.stored.slice() }, buffer, offset: 0 }
}

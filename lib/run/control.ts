// The control block: the few shared words through which the main thread and a crew speak, and the crew's barrier.
// Words that are written often lie 64 bytes apart.
//
// A batch: main fills the batch words and adds 1 to GO (members wait there in their event loops); members step ticks,
// meeting at barriers; each that leaves adds 1 to LEFT, and the last stores the batch's number in DONE (main waits there).

import { BARRIER_TRIAL, MAX_WORKERS } from '../core/limits.js'

/** Int32 words. */
const WORD = {
  go: 0,
  done: 16,
  arrived: 32,
  generation: 48,
  waiting: 64,
  left: 112,
  stopRequest: 128,
  sampleRequest: 129,
  failed: 131,
  spins: 132,
  position: 144,
  stopPosition: 145,
  measureEvery: 146,
  only: 147,
  goOn: 160,
  measureNow: 161,
  reason: 176,
  endPosition: 177,
  nextPhase: 181,
  ringHead: 178,
  ringTail: 179,
  progress: 180,
  /** Two for each thread, used in turn from phase to phase, each on a line of its own. */
  cursors: 192,
  words: 192 + MAX_WORKERS * 32,
} as const

/** What a batch does that steps nothing. */
const ONLY = { measure: 1, wake: 2 } as const

/** Float64 words, after the others. */
const NUMBER = { tick: 0, target: 1, words: 8 } as const

/** Why a batch ended. */
export const REASON = { target: 1, stop: 2, main: 3, position: 4, ring: 5, until: 6, failed: 7, slice: 8 } as const

/** One of the reasons. */
export type Reason = (typeof REASON)[keyof typeof REASON]

/** What main asks of a crew. */
export interface Batch {
  /** The tick to begin in, and the step of it to begin with. */
  readonly tick: number
  readonly position: number
  /** Ticks done when the batch ends. */
  readonly target: number
  /** Ends before this step of the first tick; -1: does not. */
  readonly stopPosition: number
  /** Measures are kept in the ring for every n-th tick; 0: for none. */
  readonly measureEvery: number
  /** Takes the measures of the present state, and steps nothing. */
  readonly measureOnly: boolean
  /** Wakes those who slept in partitions that were thawed, and steps nothing. */
  readonly wakeOnly?: boolean
}

/** Where a batch ended. */
export interface BatchEnd {
  readonly reason: Reason
  readonly tick: number
  readonly position: number
}

export class Control {
  readonly shared: SharedArrayBuffer
  readonly words: Int32Array
  readonly numbers: Float64Array
  /** Barriers, one after another, at which this thread has spun in vain. */
  #vain = 0

  constructor(shared = new SharedArrayBuffer(WORD.words * 4 + NUMBER.words * 8)) {
    this.shared = shared
    this.words = new Int32Array(shared, 0, WORD.words)
    this.numbers = new Float64Array(shared, WORD.words * 4, NUMBER.words)
  }

  // ---- main's side -------------------------------------------------------------------------------------------------

  /** Fills the batch words; `launch` makes them seen. */
  prepare(batch: Batch): void {
    const { words, numbers } = this
    numbers[NUMBER.tick] = batch.tick
    numbers[NUMBER.target] = batch.target
    words[WORD.position] = batch.position
    words[WORD.stopPosition] = batch.stopPosition
    words[WORD.measureEvery] = batch.measureEvery
    words[WORD.only] = batch.measureOnly ? ONLY.measure : batch.wakeOnly ? ONLY.wake : 0
    const goesOn = batch.position > 0 && this.measureNow // a sample was taken for this tick before it halted
    words[WORD.measureNow] = this.#measureWanted(batch.tick) || goesOn ? 1 : 0
    words[WORD.left] = 0
    words[WORD.reason] = 0
    if (words[WORD.ringHead] === words[WORD.ringTail]) words.fill(0, WORD.ringHead, WORD.ringTail + 1) // so that they never overflow
  }

  /** Starts the prepared batch. Pairs with waitForGo in each member. */
  launch(): number {
    const number = (Atomics.add(this.words, WORD.go, 1) + 1) | 0 // as the word holds it: after 2^31 batches it wraps
    Atomics.notify(this.words, WORD.go)
    return number
  }

  /** Resolves when batch `number` is done. Pairs with the store in `leave`. */
  async waitForDone(number: number): Promise<void> {
    for (;;) {
      const done = Atomics.load(this.words, WORD.done)
      if (done === number) return
      await waitAsync(this.words, WORD.done, done)
    }
  }

  /** What the batch came to. */
  end(): BatchEnd {
    return {
      reason: this.words[WORD.reason] as Reason,
      tick: this.numbers[NUMBER.tick],
      position: this.words[WORD.endPosition],
    }
  }

  /** Asks the crew to end its batch at the next boundary between ticks. Read in endTick. */
  requestStop(): void {
    Atomics.store(this.words, WORD.stopRequest, 1)
  }

  /** Asks for the measures of the tick after the next boundary. Read in endTick. */
  requestSample(): void {
    Atomics.store(this.words, WORD.sampleRequest, 1)
  }

  /**
   * The batch has failed, here or because a member died: frees the others from their barrier, for good. Pairs with the
   * loads in `meet`: a member either sees the flag before it counts itself, or loaded the generation before this adds 1.
   */
  fail(): void {
    Atomics.store(this.words, WORD.failed, 1)
    Atomics.add(this.words, WORD.generation, 1)
    Atomics.notify(this.words, WORD.generation)
  }

  /** Spins of a barrier, at most, before it waits; 0 where threads outnumber cores. Read in `meet`. */
  setSpins(spins: number): void {
    Atomics.store(this.words, WORD.spins, spins)
  }

  get spins(): number {
    return Atomics.load(this.words, WORD.spins) // pairs with the store in setSpins
  }

  /** Ticks done since the crew was made, modulo 2^32: moves while the crew lives. Written in endTick. */
  get progress(): number {
    return Atomics.load(this.words, WORD.progress)
  }

  // ---- the ring of measures: the crew adds at the head, main takes at the tail ----------------------------------------

  get ringHead(): number {
    return Atomics.load(this.words, WORD.ringHead)
  }

  set ringHead(n: number) {
    Atomics.store(this.words, WORD.ringHead, n)
  }

  get ringTail(): number {
    return Atomics.load(this.words, WORD.ringTail)
  }

  set ringTail(n: number) {
    Atomics.store(this.words, WORD.ringTail, n)
  }

  // ---- a member's side -----------------------------------------------------------------------------------------------

  /** Number of the batch launched last. */
  get launched(): number {
    return Atomics.load(this.words, WORD.go)
  }

  /** Resolves with the number of a batch after `last`. Pairs with `launch`. */
  async waitForGo(last: number): Promise<number> {
    for (;;) {
      const go = Atomics.load(this.words, WORD.go)
      if (go !== last) return go
      await waitAsync(this.words, WORD.go, last)
    }
  }

  get batch(): Batch {
    const { words, numbers } = this
    return {
      tick: numbers[NUMBER.tick],
      target: numbers[NUMBER.target],
      position: words[WORD.position],
      stopPosition: words[WORD.stopPosition],
      measureEvery: words[WORD.measureEvery],
      measureOnly: words[WORD.only] === ONLY.measure,
      wakeOnly: words[WORD.only] === ONLY.wake,
    }
  }

  /**
   * The next item of a share, counted from where the share begins. Pairs with itself in other members: whoever has come
   * to the end of its own share takes from theirs. `parity` alternates from phase to phase.
   */
  claim(share: number, parity: number): number {
    return Atomics.add(this.words, WORD.cursors + share * 32 + parity * 16, 1)
  }

  /**
   * Before a member's first claim of a phase: makes its cursor ready for the next one. Nobody looks at it: all have left
   * the phase before this one, and none begins the next until this member has come to the barrier, which pairs with it.
   */
  rewind(thread: number, parity: number): void {
    this.words[WORD.cursors + thread * 32 + (parity ^ 1) * 16] = 0
  }

  /**
   * Waits until all `threads` have come. The last to come runs `serial` while the others wait, so what it writes is
   * seen by all after the barrier. Gives false when the batch has failed.
   */
  meet(threads: number, serial: (() => void) | undefined): boolean {
    const { words } = this
    const generation = Atomics.load(words, WORD.generation)
    if (Atomics.load(words, WORD.failed) === 1) return false
    // Pairs with the other members' add: whoever makes it `threads` has seen all their writes.
    if (Atomics.add(words, WORD.arrived, 1) === threads - 1) {
      Atomics.store(words, WORD.arrived, 0)
      try {
        serial?.()
      } catch (error) {
        Atomics.store(words, WORD.failed, 1) // before the barrier opens, so that all leave
        throw error
      } finally {
        // Opens the barrier: pairs with the loads and the wait below. A waiter counts itself before it waits for the
        // generation, so either it is seen here or it sees the new generation and does not wait.
        Atomics.add(words, WORD.generation, 1)
        if (Atomics.load(words, WORD.waiting) > 0) Atomics.notify(words, WORD.generation)
      }
    } else {
      this.#await(generation)
    }
    return Atomics.load(words, WORD.failed) === 0
  }

  /**
   * Spins, then waits. Whoever is late at one barrier because it had to be woken is awaited at the next: with less patience
   * than waking takes, threads wake one another in turn at every barrier. Where spinning is of no use, as on cores that
   * are busy with something else, there is soon little of it, but for a trial now and then.
   */
  #await(generation: number): void {
    const { words } = this
    const most = Atomics.load(words, WORD.spins) // pairs with setSpins
    const spins = most >> Math.min(5, this.#vain % BARRIER_TRIAL)
    for (let left = spins; left > 0; left--) {
      // Pairs with the adds in `meet` and in `fail`, as does the load below.
      if (Atomics.load(words, WORD.generation) !== generation) {
        this.#vain = 0
        return
      }
    }
    this.#vain++
    while (Atomics.load(words, WORD.generation) === generation) {
      Atomics.add(words, WORD.waiting, 1)
      Atomics.wait(words, WORD.generation, generation)
      Atomics.sub(words, WORD.waiting, 1)
    }
  }

  /** Where members go on after a barrier: written by the last to come, before the barrier opens, and read after it. */
  get nextPhase(): number {
    return this.words[WORD.nextPhase]
  }

  set nextPhase(i: number) {
    this.words[WORD.nextPhase] = i
  }

  /** By the last to come at a tick's end: whether the batch goes on, and whether the next tick is measured. */
  endTick(tick: number, until: boolean, ringFull: boolean): void {
    const { words, numbers } = this
    numbers[NUMBER.tick] = tick
    words[WORD.endPosition] = 0
    Atomics.add(words, WORD.progress, 1)
    const stop = Atomics.exchange(words, WORD.stopRequest, 0) === 1
    const reason = until
      ? REASON.until
      : tick >= numbers[NUMBER.target]
        ? REASON.target
        : stop
          ? REASON.stop
          : ringFull
            ? REASON.ring
            : 0
    words[WORD.reason] = reason
    words[WORD.goOn] = reason === 0 ? 1 : 0
    // Where the batch ends here, the next one asks, so that a sample is not taken for a tick that this one does not step.
    if (reason === 0) words[WORD.measureNow] = this.#measureWanted(tick) ? 1 : 0
  }

  /** Whether tick `tick`, about to begin, is measured: by its listeners, a sample, or because it is the last. */
  #measureWanted(tick: number): boolean {
    const { words, numbers } = this
    const every = words[WORD.measureEvery]
    const sample = Atomics.exchange(words, WORD.sampleRequest, 0) === 1
    return sample || tick + 1 >= numbers[NUMBER.target] || (every > 0 && (tick + 1) % every === 0)
  }

  /** By the last to come, after endTick: ends the batch here though nothing asks for it. */
  pause(): void {
    const { words } = this
    if (words[WORD.goOn] === 0) return
    words[WORD.goOn] = 0
    words[WORD.reason] = REASON.slice
  }

  /** The tick being stepped. */
  get tick(): number {
    return this.numbers[NUMBER.tick]
  }

  /** Whether this tick is measured. */
  get measureNow(): boolean {
    return this.words[WORD.measureNow] === 1
  }

  /** Whether another tick follows in this batch. */
  get goesOn(): boolean {
    return this.words[WORD.goOn] === 1
  }

  /** By a member that leaves a batch: the last one tells main. Pairs with waitForDone. */
  leave(threads: number, number: number, end: BatchEnd | undefined): void {
    const { words, numbers } = this
    if (end) {
      words[WORD.reason] = end.reason
      words[WORD.endPosition] = end.position
      numbers[NUMBER.tick] = end.tick
    }
    if (Atomics.load(words, WORD.failed) === 1) words[WORD.reason] = REASON.failed
    if (Atomics.add(words, WORD.left, 1) === threads - 1) {
      Atomics.store(words, WORD.done, number)
      Atomics.notify(words, WORD.done)
    }
  }
}

/** Resolves when the word may have changed. */
async function waitAsync(words: Int32Array, at: number, value: number): Promise<void> {
  await Atomics.waitAsync(words, at, value).value
}

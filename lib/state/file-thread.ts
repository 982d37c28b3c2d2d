// The near side of a folder's thread: asks it and waits for its answers. All handles of one folder in this process share
// one, for one process may open an LMDB environment only once. While nothing is asked it keeps no process alive.
import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { type Answer, type Call, type Calls, errorOf, type KeeperData, memoryOf } from './file-calls.js'
import type { DatabaseOptions } from './file-database.js'
import { removeSign } from './file-holder.js'
import { storeFailed, storeInvalid } from './store-rules.js'

const WORKER = new URL('../../workers/file-store.js', import.meta.url)
const threads = new Map<string, FileThread>()

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

export class FileThread {
  readonly #options: DatabaseOptions
  readonly #sign: string
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #handles = 0
  #calls = 0
  #failure: Error | undefined

  /** The thread of a folder, started where there is none; to be released once for each time. */
  static of(options: DatabaseOptions): FileThread {
    const known = threads.get(options.folder) ?? new FileThread(options)
    if (known.#options.maxBytes !== options.maxBytes) {
      throw storeInvalid(
        `The store '${options.url}' is open in this process with maxBytes ${known.#options.maxBytes}`,
        'Give all handles of one folder the same.',
      )
    }
    threads.set(options.folder, known)
    known.#handles++
    return known
  }

  private constructor(options: DatabaseOptions) {
    this.#options = options
    this.#sign = `alive-${randomUUID()}`
    const workerData: KeeperData = { ...options, sign: this.#sign }
    this.#worker = new Worker(WORKER, { workerData, execArgv: [] })
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', error => this.#fail(error))
    this.#ended = new Promise(resolve => {
      this.#worker.once('exit', code => {
        this.#fail(new Error(`Its thread ended with code ${code}`))
        removeSign(options.folder, this.#sign) // if it could not do so itself, its leases are free now
        resolve()
      })
    })
    this.#worker.unref()
  }

  /** Has the thread carry out a call; calls are carried out in their order. Bytes among the arguments are given away. */
  ask<K extends keyof Calls>(name: K, ...args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    if (this.#failure !== undefined) return Promise.reject(this.#broken(this.#failure))
    return new Promise((resolve, reject) => {
      const call: Call = { number: ++this.#calls, name, args }
      this.#waiting.set(call.number, { resolve, reject })
      this.#worker.ref()
      this.#worker.postMessage(call, memoryOf(args))
    })
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number)
    this.#waiting.delete(answer.number)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('error' in answer) waiting?.reject(errorOf(answer.error, answer.cause))
    else waiting?.resolve(answer.value as never) // the call's type says which
  }

  #fail(error: Error): void {
    this.#failure ??= error
    if (threads.get(this.#options.folder) === this) threads.delete(this.#options.folder)
    for (const { reject } of this.#waiting.values()) reject(this.#broken(error))
    this.#waiting.clear()
  }

  #broken(error: Error): Error {
    return storeFailed(this.#options.url, 'has lost its thread', 'Open it again; see the cause.', error)
  }

  /** Ends the thread when nobody else uses it. */
  async release(): Promise<void> {
    this.#handles--
    if (this.#handles > 0) return
    threads.delete(this.#options.folder)
    if (this.#failure === undefined) await this.ask('close')
    this.#worker.ref() // else a process with nothing else to do would end before
    await this.#ended
  }
}

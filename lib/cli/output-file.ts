// A file of results that is written while a run goes on. The writer is told when the file is behind; what goes wrong is
// kept until somebody waits for the file, so that no error is thrown where nobody listens.
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { PopulaceError } from '../core/errors.js'
import { wrongUsage } from './arguments.js'

export class OutputFile {
  readonly #path: string
  readonly #stream: WriteStream
  #error: Error | undefined
  #behind = false

  private constructor(path: string, stream: WriteStream) {
    this.#path = path
    this.#stream = stream
    stream.on('error', error => {
      this.#error = error
    })
  }

  /** Makes the file, or empties it. USAGE, naming `flag`. */
  static async open(path: string, flag: string): Promise<OutputFile> {
    const stream = createWriteStream(path)
    try {
      await once(stream, 'open')
    } catch (error) {
      throw wrongUsage(`${flag} ${path} cannot be written: ${(error as Error).message}`, 'Name a file that can be.')
    }
    return new OutputFile(path, stream)
  }

  /** Whether more may be written at once: else catchUp comes first. */
  write(text: string): boolean {
    if (this.#error) return false
    const ready = this.#stream.write(text)
    if (!ready) this.#behind = true
    return ready
  }

  /** Waits until the file is not behind; whether it was. OUTPUT_FAILED. */
  async catchUp(): Promise<boolean> {
    const behind = this.#behind
    this.#behind = false
    if (!this.#error && this.#stream.writableNeedDrain) await once(this.#stream, 'drain').catch(() => undefined) // kept above
    this.#check()
    return behind
  }

  /** Writes what is left and gives the file back. OUTPUT_FAILED. */
  async close(): Promise<void> {
    this.#stream.end()
    if (!this.#stream.closed) await once(this.#stream, 'close').catch(() => undefined) // kept above
    this.#check()
  }

  #check(): void {
    if (!this.#error) return
    throw new PopulaceError(
      'OUTPUT_FAILED',
      `${this.#path} cannot be written: ${this.#error.message}`,
      'Make room there, or name another file.',
      this.#error,
    )
  }
}

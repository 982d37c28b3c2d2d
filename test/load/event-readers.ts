// Subscribers of all that a host's world tells. Its numbers go up by one, so what each is told, and what it is told that it
// missed, is held to the numbers alone; the streams end when the host does.

/** One who reads events until they end. */
export class EventReader {
  /** The status that it was answered with. */
  readonly status: number
  /** Of events alone: ticks and checkpoints have numbers, too. */
  told = 0
  missed = 0
  /** Events whose number is not that of the one before, plus those that were missed between, plus one. */
  gaps = 0
  readonly #ended: Promise<void>
  #first: number | undefined
  #last = 0

  private constructor(answer: Response) {
    this.status = answer.status
    this.#ended = this.#read(answer)
  }

  static async open(url: string): Promise<EventReader> {
    return new EventReader(await fetch(url))
  }

  /** Resolves when the host has ended the stream. */
  ended(): Promise<void> {
    return this.#ended
  }

  async #read(answer: Response): Promise<void> {
    let text = ''
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      const messages = (text + piece).split('\n\n')
      text = messages.pop() as string // split gives one at least
      for (const message of messages) this.#take(message)
    }
  }

  #take(message: string): void {
    const missed = /^event: missed\ndata: (\d+)$/.exec(message)
    if (missed !== null) {
      this.missed += Number(missed[1])
      this.#last += Number(missed[1])
      return
    }
    const id = /^id: (\d+)\ndata: \{"topic":"\w+\.(event\.)?/.exec(message)
    if (id === null) return // a comment, or the body of a refusal
    const number = Number(id[1])
    if (this.#first !== undefined && number !== this.#last + 1) this.gaps++
    this.#first ??= number
    this.#last = number
    if (id[2] !== undefined) this.told++
  }
}

// A line of a terminal that is written over, on standard error; nothing where that is no terminal.

export class StatusLine {
  readonly #stream = process.stderr

  show(text: string): void {
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`)
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K')
  }
}

// The terminal while a picture is shown: its second screen, so that what stood there before comes back, and no cursor.
// Only lines that changed are written. Whatever ends the process, the terminal is given back.

/** A terminal. */
export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  readonly writableNeedDrain?: boolean
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** What gives the screen back when the process ends without `close`. */
export interface ProcessEnd {
  on(event: 'exit', listener: () => void): unknown
  off(event: 'exit', listener: () => void): unknown
}

const OPEN = '\u001b[?1049h\u001b[?25l'
const CLOSE = '\u001b[0m\u001b[?25h\u001b[?1049l'
const CLEAR = '\u001b[2J'
/** A terminal that knows these two shows all between them at once; others ignore them. */
const HOLD = '\u001b[?2026h'
const SHOW = '\u001b[?2026l'

export class Screen {
  readonly #terminal: Terminal
  readonly #end: ProcessEnd
  readonly #close = () => this.close()
  readonly #forget = () => {
    this.#lines = undefined
  }
  /** What stands there; undefined: nobody knows. */
  #lines: readonly string[] | undefined
  #open = true

  constructor(terminal: Terminal, end: ProcessEnd) {
    this.#terminal = terminal
    this.#end = end
    end.on('exit', this.#close)
    terminal.on('resize', this.#forget)
    terminal.write(OPEN)
  }

  /** Characters in a line, and lines. */
  get size(): { readonly width: number; readonly height: number } {
    return { width: this.#terminal.columns ?? 80, height: this.#terminal.rows ?? 24 }
  }

  /** Whether the terminal has taken all that was written: a slow one is given fewer frames. */
  get ready(): boolean {
    return this.#terminal.writableNeedDrain !== true
  }

  /** Shows these lines, which fit. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return
    const old = this.#lines
    let text = old ? '' : CLEAR
    for (let y = 0; y < Math.max(lines.length, old?.length ?? 0); y++) {
      if (old && old[y] === lines[y]) continue
      text += `\u001b[${y + 1};1H${lines[y] ?? ''}\u001b[K`
    }
    this.#lines = [...lines]
    if (text !== '') this.#terminal.write(`${HOLD}${text}${SHOW}`)
  }

  /** Gives the terminal back. Closing twice is fine. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#end.off('exit', this.#close)
    this.#terminal.off('resize', this.#forget)
    this.#terminal.write(CLOSE)
  }
}

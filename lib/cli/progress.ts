// The progress of a run on standard error: a bar on a terminal, elsewhere a line every ten seconds, so that a log of a
// long run tells where it is and one of a short run says nothing. The lines are pure functions.
import { type Params as BarParams, type Options, SingleBar } from 'cli-progress'
import { clock, compact, grouped } from './numbers.js'

/** How far a run is. */
export interface Standing {
  readonly done: number
  readonly total: number
  readonly seconds: number
  readonly agentUpdates: number
}

/** Milliseconds between lines where there is no terminal. */
const LINE_MS = 10_000
const LONGEST_BAR = 40
const SHORTEST_BAR = 6

function figures({ done, total, seconds, agentUpdates }: Standing): string {
  const rate = seconds > 0 ? done / seconds : 0
  const left = rate > 0 ? clock((total - done) / rate) : clock(Number.NaN)
  const updates = seconds > 0 ? agentUpdates / seconds : 0
  return `${grouped(done)}/${grouped(total)}  ${compact(rate)} ticks/s  ${compact(updates)} agent-updates/s  ${left} left`
}

/** One line without a bar. */
export function progressLine(title: string, s: Standing): string {
  return `${title}: ${figures(s)}`
}

/** One line with a bar that fits into `width` characters. */
export function progressBar(title: string, s: Standing, width: number): string {
  const share = s.total === 0 ? 1 : Math.min(1, s.done / s.total)
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`
  const text = figures(s)
  const room = width - title.length - percent.length - text.length - 6
  if (room < SHORTEST_BAR) return `${title} ${percent}  ${text}`.slice(0, Math.max(0, width - 1))
  const length = Math.min(LONGEST_BAR, room)
  const full = Math.round(share * length)
  return `${title} ${percent} ${'█'.repeat(full)}${'░'.repeat(length - full)}  ${text}`
}

/** A stream that lines are written to. */
export interface LineStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export class Progress {
  readonly #title: string
  readonly #stream: LineStream
  readonly #now: () => number
  readonly #bar: SingleBar | undefined
  #standing: Standing
  #lastLine: number

  constructor(title: string, total: number, stream: LineStream & NodeJS.WritableStream, now = () => performance.now()) {
    this.#title = title
    this.#stream = stream
    this.#now = now
    this.#lastLine = now()
    this.#standing = { done: 0, total, seconds: 0, agentUpdates: 0 }
    if (stream.isTTY !== true) return
    const format = (_o: Options, _p: BarParams) => progressBar(title, this.#standing, stream.columns ?? 80)
    this.#bar = new SingleBar({ stream, format, fps: 10, clearOnComplete: true, forceRedraw: true })
    this.#bar.start(total, 0)
  }

  update(standing: Standing): void {
    this.#standing = standing
    if (this.#bar) {
      this.#bar.update(standing.done)
    } else if (this.#now() - this.#lastLine >= LINE_MS) {
      this.#lastLine = this.#now()
      this.#stream.write(`${progressLine(this.#title, standing)}\n`)
    }
  }

  /** Takes the bar away. */
  stop(): void {
    this.#bar?.stop()
  }
}

/** Says on a terminal what goes on before there is any progress; gives what takes it away. */
export function showStatus(text: string, stream: LineStream): () => void {
  if (stream.isTTY !== true) return () => {}
  stream.write(text.slice(0, (stream.columns ?? 80) - 1))
  return () => void stream.write('\r\u001b[K')
}

// What a run shows of itself on standard error while it goes on: nothing, a progress bar, or with --watch the world; and
// the last picture of the world, which is part of the report.
import { sidesOf } from '../run/plan.js'
import type { Simulation } from '../run/simulation.js'
import { coloured, terminalWidth } from './output.js'
import { Progress, type Standing, showStatus } from './progress.js'
import type { ColourDepth } from './watch/palette.js'
import { Screen } from './watch/screen.js'
import type { View } from './watch/views.js'
import { Watch } from './watch/watch.js'

/** Lines of the last picture where there is no terminal, and at most: the table and the charts follow it. */
const PICTURE_LINES = 24
const MOST_PICTURE_LINES = 48

export class Display {
  readonly #title: string
  readonly #quiet: boolean
  readonly #view: View | undefined
  #progress: Progress | undefined
  #watch: Watch | undefined
  #screen: Screen | undefined

  /** @param view - what --watch shows; undefined: it is not asked for. */
  constructor(title: string, quiet: boolean, view: View | undefined) {
    this.#title = title
    this.#quiet = quiet
    this.#view = view
  }

  /** Says what goes on before there is any progress; gives what takes it away. */
  status(text: string): () => void {
    return this.#quiet ? () => {} : showStatus(`${this.#title}: ${text}`, process.stderr)
  }

  /** Says something that stays, unless nothing is to be said. */
  note(text: string): void {
    if (!this.#quiet) process.stderr.write(`${this.#title}: ${text}\n`)
  }

  /** A run of `ticks` begins. */
  begin(sim: Simulation, ticks: number): void {
    const { stderr } = process
    if (this.#quiet) return
    const { plan, memory } = sim.internals.world
    if (this.#view) {
      const sides = plan.scenario.populations.flatMap(p => {
        const size = sidesOf(p, plan.params)
        return size ? [[p.name, size] as const] : []
      })
      this.#watch = new Watch(sim, memory, { name: this.#title, view: this.#view, lattices: new Map(sides), ticks })
    }
    if (this.#watch && stderr.isTTY && process.env.TERM !== 'dumb') {
      this.#screen = new Screen(stderr, process)
      this.#watch.start(this.#screen, stderr.getColorDepth() as ColourDepth)
    } else this.#progress = new Progress(this.#title, ticks, stderr)
  }

  /** How far the run is. */
  update(standing: Standing): void {
    this.#progress?.update(standing)
    this.#watch?.update(standing)
  }

  /** A word to whoever looks on, on a terminal only. */
  tell(text: string): void {
    if (this.#screen) this.#watch?.tell(text)
    else if (process.stderr.isTTY) process.stderr.write(`\n${text}\n`)
  }

  /** Takes the bar, or the world, away. */
  async end(): Promise<void> {
    this.#progress?.stop()
    this.#screen?.close()
    await this.#watch?.stop()
  }

  /** The last picture, for the report; nothing without --watch. */
  picture(): string {
    if (!this.#watch) return ''
    const { isTTY, rows } = process.stdout
    const height = isTTY ? Math.min(MOST_PICTURE_LINES, rows - 2) : PICTURE_LINES
    const depth = coloured() ? (process.stdout.getColorDepth() as ColourDepth) : 1
    return `${this.#watch.picture({ width: terminalWidth(), height, depth })}\n`
  }
}

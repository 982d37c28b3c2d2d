// --watch: looks at a run about ten times a second and shows what it sees; in the end it gives one last picture. A look
// holds the run up for a few milliseconds at a boundary between ticks, so the pause after it is many times as long.
// It never changes the run, and what fails in the run is told by the run.
import type { WorldMemory } from '../../memory/world.js'
import type { Simulation } from '../../run/simulation.js'
import { progressBar, type Standing } from '../progress.js'
import type { ColourDepth } from './palette.js'
import { type Caption, pictureLines, roomFor } from './picture.js'
import { FINAL_SAMPLE, type LatticeSizes, LIVE_SAMPLE, Sampler } from './sampler.js'
import type { Screen } from './screen.js'
import type { View } from './views.js'

/** Milliseconds from frame to frame at least. */
const FRAME_MS = 100
/** Looking and drawing take one part in so many of the time at most. */
const PAUSE_SHARE = 10

/** How a picture is drawn. */
export interface WatchStyle {
  readonly width: number
  readonly height: number
  readonly depth: ColourDepth
}

/** What is watched. */
export interface Watched {
  readonly name: string
  readonly view: View
  readonly lattices: LatticeSizes
  /** Ticks that the run is to do. */
  readonly ticks: number
}

export class Watch {
  readonly #sim: Simulation
  readonly #view: View
  readonly #name: string
  readonly #sampler: Sampler
  #standing: Standing
  #timer: NodeJS.Timeout | undefined
  #drawing: Promise<void> = Promise.resolve()
  #stopped = false
  #note = ''
  #end = () => {}

  constructor(sim: Simulation, memory: WorldMemory, { name, view, lattices, ticks }: Watched) {
    this.#sim = sim
    this.#view = view
    this.#name = name
    this.#sampler = new Sampler(memory, view, lattices)
    this.#standing = { done: 0, total: ticks, seconds: 0, agentUpdates: 0 }
  }

  get #caption(): Caption {
    return { scenario: this.#name, measures: this.#sim.measures as Caption['measures'] }
  }

  /** Shows the run on a screen until `stop`. */
  start(screen: Screen, depth: ColourDepth): void {
    this.#end = this.#sim.on('tick', () => {}) // so that measures are taken while nothing else asks for them
    const next = (wait: number) => {
      if (this.#stopped) return
      this.#timer = setTimeout(() => {
        this.#drawing = this.#frame(screen, depth).then(spent => next(Math.max(FRAME_MS, spent * PAUSE_SHARE)))
      }, wait)
    }
    next(0)
  }

  /** One frame; the milliseconds that it took this thread. */
  async #frame(screen: Screen, depth: ColourDepth): Promise<number> {
    if (!screen.ready) return 0
    const size = screen.size
    const room = roomFor({ width: size.width, height: size.height - 1 })
    let spent = 0
    const timed = <T>(work: () => T): T => {
      const began = performance.now()
      try {
        return work()
      } finally {
        spent += performance.now() - began
      }
    }
    // A run that ends or fails meanwhile is told by itself.
    const look = await this.#sim
      .read(world => timed(() => this.#sampler.look(world.tick, room, LIVE_SAMPLE)))
      .catch(() => undefined)
    if (!look || this.#stopped) return spent
    timed(() => {
      const bar = this.#note || progressBar(this.#name, this.#standing, size.width)
      screen.draw([...pictureLines(this.#view, look, this.#caption, size.width, depth), bar].slice(0, size.height))
    })
    return spent
  }

  /** How far the run is. */
  update(standing: Standing): void {
    this.#standing = standing
  }

  /** A word to whoever looks on, in place of the progress from now on. */
  tell(text: string): void {
    this.#note = text
  }

  /** Ends what start began; no frame is drawn after it. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#end()
    await this.#drawing
  }

  /** The last picture, of more agents than a frame shows; when no run is going on. */
  picture({ width, height, depth }: WatchStyle): string {
    const look = this.#sampler.look(this.#sim.tick, roomFor({ width, height }), FINAL_SAMPLE)
    return `${pictureLines(this.#view, look, this.#caption, width, depth).join('\n')}\n`
  }
}

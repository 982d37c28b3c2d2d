// Looks at a world between two ticks and copies what a view shows of it, no more: a bounded number of agents, evenly
// spread, into rasters. Extents are remembered from look to look, so that the picture stands still.
import type { BoundColumn, PopulationMemory } from '../../memory/population-memory.js'
import type { WorldMemory } from '../../memory/world.js'
import { type Frame, frameOfArea, frameOfCells, frameOfPoints, Range, type Size } from './extent.js'
import { Raster } from './raster.js'
import type { Layer, Place, View } from './views.js'

/** Agents, or cells, of a layer that one look takes at most: a few milliseconds. */
export const LIVE_SAMPLE = 1 << 17
/** The same for a picture that nothing waits for. */
export const FINAL_SAMPLE = 1 << 22

/** Width and height of each lattice, by population. */
export type LatticeSizes = ReadonlyMap<string, Size>

/** What one look came to. */
export interface Look {
  readonly tick: number
  readonly frame: Frame
  /** By layer. */
  readonly rasters: readonly Raster[]
  /** The range of numbers that each layer has shown so far. */
  readonly ranges: readonly Range[]
}

interface Sample {
  readonly rows: Int32Array
  readonly stride: number
}

/** Rows evenly spread over a population, at most `most` of them. */
function sampleRows(population: PopulationMemory, most: number): Sample {
  const { size } = population
  const stride = Math.max(1, Math.ceil(size / most))
  const rows = new Int32Array(Math.ceil(size / stride))
  let n = 0
  for (const { row, count, at } of population.segments()) {
    for (let i = (stride - (at % stride)) % stride; i < count; i += stride) rows[n++] = row + i
  }
  return { rows: rows.subarray(0, n), stride }
}

export class Sampler {
  readonly #memory: WorldMemory
  readonly #view: View
  readonly #lattices: LatticeSizes
  readonly #x = new Range()
  readonly #y = new Range()
  readonly #ranges: readonly Range[]
  /** Agents in a line, where they are shown in rows. */
  #inLine = 1

  constructor(memory: WorldMemory, view: View, lattices: LatticeSizes) {
    this.#memory = memory
    this.#view = view
    this.#lattices = lattices
    this.#ranges = view.layers.map(() => new Range())
  }

  /** Looks now; the picture is to fit into `room` pixels. Between two ticks only. */
  look(tick: number, room: Size, most: number): Look {
    const { layers } = this.#view
    const samples = layers.map(layer =>
      this.#wholeCells(layer) ? undefined : sampleRows(this.#memory.population(layer.population), most),
    )
    const frame = this.#frame(room, most)
    const rasters = layers.map((layer, i) => {
      const classes = layer.colour.kind === 'labels' ? layer.colour.labels.length : 1
      const raster = new Raster(frame.width, frame.height, classes)
      const sample = samples[i]
      if (sample) this.#points(layer, sample, frame, raster)
      else this.#cells(layer, frame, raster, most)
      this.#ranges[i].include(...raster.means)
      return raster
    })
    return { tick, frame, rasters, ranges: this.#ranges }
  }

  #wholeCells({ place }: Layer): boolean {
    return place.position.kind === 'cells' && !place.link
  }

  #frame(room: Size, most: number): Frame {
    const places = this.#view.layers.map(l => l.place)
    const cells = places.find(p => p.position.kind === 'cells')
    if (cells) {
      const { width, height } = this.#lattice(cells.population)
      return frameOfCells(width, height, room)
    }
    const [{ position, population }] = places
    if (position.kind === 'rows') {
      const { size } = this.#memory.population(population)
      this.#inLine = Math.max(1, Math.ceil(Math.sqrt((size * room.width) / room.height)))
      return frameOfCells(this.#inLine, Math.max(1, Math.ceil(size / this.#inLine)), room)
    }
    for (const place of places) this.#measure(place, Math.max(most, LIVE_SAMPLE))
    const geographic = position.kind === 'columns' && position.geographic
    if (geographic) {
      this.#x.clamp(-180, 180)
      this.#y.clamp(-90, 90)
    }
    if (this.#x.empty || this.#y.empty) return frameOfCells(1, 1, room)
    const whole = places.every(place => this.#whole(place))
    return whole && !geographic
      ? frameOfPoints(this.#x, this.#y, room)
      : frameOfArea(this.#x, this.#y, room, geographic)
  }

  /** Whether a place's coordinates are whole numbers. */
  #whole({ population, position }: Place): boolean {
    if (position.kind !== 'columns') return false
    const { columns } = this.#memory.population(population)
    return [position.x, position.y].every(name => /^[iu]/.test(columns.get(name)?.layout.data.kind ?? ''))
  }

  #lattice(population: string): Size {
    return this.#lattices.get(population) ?? { width: 1, height: 1 }
  }

  /** Lets the extent hold where the agents of a place stand. */
  #measure({ population: name, position }: Place, most: number): void {
    if (position.kind !== 'columns') return
    const population = this.#memory.population(name)
    const { rows } = sampleRows(population, most)
    for (const [column, range] of [
      [position.x, this.#x],
      [position.y, this.#y],
    ] as const) {
      const { array } = population.columns.get(column) as BoundColumn // views are made of declared columns
      let low = Number.POSITIVE_INFINITY
      let high = Number.NEGATIVE_INFINITY
      for (let i = 0; i < rows.length; i++) {
        const v = array[rows[i]]
        if (v < low && v > Number.NEGATIVE_INFINITY) low = v
        if (v > high && v < Number.POSITIVE_INFINITY) high = v
      }
      range.include(low, high)
    }
  }

  /** What an agent in a row is coloured by. */
  #valueOf({ population, colour }: Layer): (row: number) => number {
    if (colour.kind === 'presence') return () => 0
    const { array, layout } = this.#memory.population(population).columns.get(colour.column) as BoundColumn // declared
    const { unit } = layout.data
    return unit === 1 ? row => array[row] : row => array[row] * unit
  }

  /** Agents of a layer, one by one. */
  #points(layer: Layer, { rows, stride }: Sample, frame: Frame, raster: Raster): void {
    const pixels = this.#pixels(layer.place, layer.population, rows, stride, frame)
    const value = this.#valueOf(layer)
    const labels = layer.colour.kind === 'labels'
    raster.stride = stride
    for (let i = 0; i < rows.length; i++) {
      if (pixels[i] < 0) continue
      const v = value(rows[i])
      if (v === v) raster.add(pixels[i], labels ? v : 0, v) // NaN is left out
    }
  }

  /** The pixel of each row's agent; -1 where it stands nowhere. */
  #pixels(place: Place, own: string, rows: Int32Array, stride: number, frame: Frame): Int32Array {
    const { left, top, unitX, unitY, width, height } = frame
    const pixels = new Int32Array(rows.length)
    const put = (i: number, x: number, y: number) => {
      const px = Math.floor((x - left) / unitX)
      const py = Math.floor((y - top) / unitY)
      pixels[i] = px >= 0 && px < width && py >= 0 && py < height ? py * width + px : -1
    }
    const { position, population: name } = place
    const target = this.#memory.population(name)
    const at = this.#standing(place, own, rows)
    if (position.kind === 'columns') {
      const x = (target.columns.get(position.x) as BoundColumn).array // views are made of declared columns
      const y = (target.columns.get(position.y) as BoundColumn).array
      for (let i = 0; i < rows.length; i++) {
        if (at[i] < 0) pixels[i] = -1
        else put(i, x[at[i]], y[at[i]])
      }
      return pixels
    }
    const columns = position.kind === 'cells' ? this.#lattice(name).width : this.#inLine
    const cellRows = position.kind === 'cells' ? this.#lattice(name).height : Number.POSITIVE_INFINITY
    for (let i = 0; i < rows.length; i++) {
      const cell = position.kind === 'cells' ? at[i] : i * stride
      if (cell < 0) pixels[i] = -1
      else put(i, (cell % columns) + 0.5, (Math.floor(cell / columns) % cellRows) + 0.5)
    }
    return pixels
  }

  /** The row, in the population of the place, where each agent stands; -1: nowhere. */
  #standing({ link, population }: Place, own: string, rows: Int32Array): Int32Array {
    if (!link) return rows
    const { array } = this.#memory.population(own).columns.get(link.column) as BoundColumn // declared
    const target = this.#memory.population(population)
    const at = new Int32Array(rows.length)
    for (let i = 0; i < rows.length; i++) {
      const to = array[rows[i]]
      at[i] = !link.holdsRows ? target.rowOf(to) : to < target.layout.rows ? to : -1
    }
    return at
  }

  /** Cells of a lattice, some of each pixel; of a lattice with depth its first layer. */
  #cells(layer: Layer, frame: Frame, raster: Raster, most: number): void {
    const { width, height } = this.#lattice(layer.population)
    const value = this.#valueOf(layer)
    const labels = layer.colour.kind === 'labels'
    const side = Math.max(1, Math.floor(Math.sqrt(most / (raster.width * raster.height))))
    const columns = spread(frame.width, frame.unitX, width, side)
    const lines = spread(frame.height, frame.unitY, height, side)
    raster.stride = Math.max(1, frame.unitX / side) ** 2
    for (let py = 0; py < raster.height; py++) {
      for (let px = 0; px < raster.width; px++) {
        const pixel = py * raster.width + px
        for (const y of lines[py]) {
          for (const x of columns[px]) {
            const v = value(y * width + x)
            if (v === v) raster.add(pixel, labels ? v : 0, v) // NaN is left out
          }
        }
      }
    }
  }
}

/** For each of `pixels` pixels that cover `unit` cells each, at most `side` of those cells, evenly spread. */
function spread(pixels: number, unit: number, cells: number, side: number): number[][] {
  return Array.from({ length: pixels }, (_, p) => {
    const from = Math.min(cells - 1, Math.floor(p * unit))
    const to = Math.max(from + 1, Math.min(cells, Math.floor((p + 1) * unit)))
    const n = Math.min(side, to - from)
    return Array.from({ length: n }, (_, i) => from + Math.floor(((i + 0.5) * (to - from)) / n))
  })
}

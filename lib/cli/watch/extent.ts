// Which part of a space is shown, and how it is laid on pixels. An extent only grows, and by a good piece at a time, so
// that a picture stands still while agents move about. A pixel is half a character and about as wide as it is high.

/** A rectangle of space, and of pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Share of the new length by which a side that has become too short is made longer. */
const MARGIN = 0.25

/** A range that grows. */
export class Range {
  low = Number.POSITIVE_INFINITY
  high = Number.NEGATIVE_INFINITY

  get empty(): boolean {
    return this.low > this.high
  }

  /** Holds [low, high] from now on. Values that are no numbers change nothing. */
  include(low: number, high: number): void {
    if (!(low <= high) || !Number.isFinite(low) || !Number.isFinite(high)) return
    if (this.empty) {
      this.low = low
      this.high = high
      return
    }
    const margin = (Math.max(high, this.high) - Math.min(low, this.low)) * MARGIN
    if (low < this.low) this.low = low - margin
    if (high > this.high) this.high = high + margin
  }

  /** Keeps to [low, high]. */
  clamp(low: number, high: number): void {
    this.low = Math.max(low, this.low)
    this.high = Math.min(high, this.high)
  }
}

/** How space is laid on pixels: pixel column (x - left) / unitX, row (y - top) / unitY; unitY is negative where y grows upwards. */
export interface Frame extends Size {
  readonly left: number
  readonly top: number
  readonly unitX: number
  readonly unitY: number
  /** Each pixel is drawn as a square of so many. */
  readonly zoom: number
}

/** Lays points of whole numbers on at most `room` pixels: whole numbers of them a pixel, or an even grid becomes a moiré. */
export function frameOfPoints(x: Range, y: Range, room: Size): Frame {
  const [columns, rows] = [Math.floor(x.high) - Math.ceil(x.low) + 1, Math.floor(y.high) - Math.ceil(y.low) + 1]
  const unit = Math.ceil(Math.max(columns / room.width, rows / room.height))
  const frame = frameOfCells(Math.ceil(columns / unit), Math.ceil(rows / unit), room)
  return { ...frame, left: Math.ceil(x.low), top: Math.ceil(y.low), unitX: unit, unitY: unit }
}

/** Lays cells [0, columns) x [0, rows) on at most `room` pixels: whole cells of several pixels each, or several cells a pixel. */
export function frameOfCells(columns: number, rows: number, room: Size): Frame {
  const fits = Math.floor(Math.min(room.width / columns, room.height / rows))
  if (fits >= 1) return { left: 0, top: 0, unitX: 1, unitY: 1, width: columns, height: rows, zoom: fits }
  const unit = Math.max(columns / room.width, rows / room.height)
  const width = Math.min(room.width, Math.ceil(columns / unit))
  const height = Math.min(room.height, Math.ceil(rows / unit))
  return { left: 0, top: 0, unitX: unit, unitY: unit, width, height, zoom: 1 }
}

/** Degrees of latitude above which a map is drawn as it is: the whole world needs no narrower meridians. */
const WIDE_LATITUDES = 60

/** Below it an area is one place: divided by it, distances are no numbers any more. */
const TINY = 1e-300

/** Lays an area on at most `room` pixels. `geographic`: north is up, and degrees of longitude are as wide as they are there. */
export function frameOfArea(x: Range, y: Range, room: Size, geographic: boolean): Frame {
  const across = x.high - x.low
  const down = y.high - y.low
  const middle = ((y.low + y.high) / 2) * (Math.PI / 180)
  const narrow = geographic && down < WIDE_LATITUDES ? Math.max(0.1, Math.cos(middle)) : 1
  // A little more than the area, so that what lies on its far edge has a pixel.
  const exact = Math.max((across * narrow) / room.width, down / room.height)
  const unit = exact > TINY ? exact * 1.0001 : 1
  const unitX = unit / narrow
  const width = Math.min(room.width, Math.floor(across / unitX) + 1)
  const height = Math.min(room.height, Math.floor(down / unit) + 1)
  const top = geographic ? y.high : y.low
  return { left: x.low, top, unitX, unitY: geographic ? -unit : unit, width, height, zoom: 1 }
}

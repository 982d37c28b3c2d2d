// What was seen of a layer, pixel by pixel: how many agents, how many of each class, the sum of a number. Filled from a
// sample: one agent of `stride` was looked at. No memory of a world and no colours here.

/** Classes that are told apart; labels beyond are counted as the last one. */
export const MAX_CLASSES = 12

export class Raster {
  readonly width: number
  readonly height: number
  readonly classes: number
  /** Agents seen by pixel. */
  readonly count: Uint32Array
  /** Agents seen of class c in pixel p: at p * classes + c. */
  readonly byClass: Uint32Array
  /** Sums of the number by pixel. */
  readonly sum: Float64Array
  /** Agents that one seen stands for. */
  stride = 1

  /** @param classes - from 1; more than MAX_CLASSES are that many. */
  constructor(width: number, height: number, classes: number) {
    this.width = width
    this.height = height
    this.classes = Math.min(MAX_CLASSES, classes)
    this.count = new Uint32Array(width * height)
    this.byClass = new Uint32Array(width * height * this.classes)
    this.sum = new Float64Array(width * height)
  }

  /** Notes an agent of a class, with a number. */
  add(pixel: number, code: number, value: number): void {
    this.count[pixel]++
    this.byClass[pixel * this.classes + Math.min(code, this.classes - 1)]++
    this.sum[pixel] += value
  }

  /** The most agents in a pixel. */
  get most(): number {
    let most = 0
    for (const n of this.count) if (n > most) most = n
    return most
  }

  /** Agents by class over all pixels. */
  get totals(): number[] {
    const totals = new Array<number>(this.classes).fill(0)
    for (let i = 0; i < this.byClass.length; i++) totals[i % this.classes] += this.byClass[i]
    return totals
  }

  /** Least and greatest mean of the number over the pixels that hold agents. */
  get means(): readonly [number, number] {
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    for (let p = 0; p < this.count.length; p++) {
      if (this.count[p] === 0) continue
      const mean = this.sum[p] / this.count[p]
      if (mean < low) low = mean
      if (mean > high) high = mean
    }
    return [low, high]
  }
}

// From rasters to a picture: what colour each pixel has, or, where there are no colours, what character each pair of
// pixels is. Layers lie over one another; where the upper one holds no agent the lower one shows. Pure.
import { lettersOf } from '../chart.js'
import type { Size } from './extent.js'
import { CLASS_COLOURS, GROUND_COLOURS, mix, onScale } from './palette.js'
import { MAX_CLASSES, type Raster } from './raster.js'
import type { Look } from './sampler.js'
import type { Layer, View } from './views.js'

/** Pixels by row; -1: nothing is there. */
export interface Pixels extends Size {
  readonly colours: Int32Array
}

/** A class that the legend explains. */
export interface Key {
  readonly label: string
  readonly colour: number
  readonly letter: string
  /** Agents of it, as far as the sample tells. */
  readonly agents: number
}

/** From nothing to most, for where there are no colours. */
const RAMP = ' .:-=+*#%@'
/** The first label of a lattice. */
const GROUND = '.'
/** Brightness of a pixel with one agent; that of the fullest is 1. */
const FAINT = 0.45

/** Whether a layer is the ground of its picture: all cells of a lattice, of which the first label is the background. */
const isGround = ({ place }: Layer) => place.position.kind === 'cells' && !place.link

/** The labels of a layer's classes. */
function labelsOf({ colour, population }: Layer): readonly string[] {
  if (colour.kind === 'presence') return [population]
  if (colour.kind === 'value') return [colour.column]
  const { labels } = colour
  return labels.length <= MAX_CLASSES ? labels : [...labels.slice(0, MAX_CLASSES - 1), 'others']
}

/** Whether a layer is drawn on a scale from little to much, and not by classes. */
const isScale = (view: View, { colour }: Layer) =>
  colour.kind === 'value' || (colour.kind === 'presence' && view.layers.length === 1)

/** Colours of populations that stand in one picture: the first is neither the green nor the red of a ground. */
const PRESENCE_COLOURS: readonly number[] = [0xf5f5f5, 0xff4d4d, 0xf2c80f, 0x4e79ff, 0xd65bd6, 0x2fc4c4, 0xff9040]

/** Colours and letters of the classes of each layer. */
function classesOf(view: View): { readonly colours: readonly number[]; readonly letters: readonly string[] }[] {
  const letters = lettersOf(view.layers.flatMap(labelsOf))
  let [classes, populations] = [0, 0]
  return view.layers.map(layer => {
    const labels = labelsOf(layer)
    const own = letters.slice(classes, classes + labels.length)
    classes += labels.length
    if (layer.colour.kind !== 'labels')
      return { colours: [PRESENCE_COLOURS[populations++ % PRESENCE_COLOURS.length]], letters: own }
    return { colours: isGround(layer) ? GROUND_COLOURS : CLASS_COLOURS, letters: own }
  })
}

/** From 0 to 1, logarithmic: how full a pixel is. */
const fullness = (n: number, most: number) => (most <= 1 ? 1 : Math.log1p(n - 1) / Math.log1p(most - 1))

/**
 * How much of each class's colour a pixel has; they sum to 1. A class counts for more the rarer it is in the whole
 * picture, so that the first few infected among many are seen, and where they are many.
 */
export function weightsOf(byClass: readonly number[], totals: readonly number[]): number[] {
  const n = sumOf(byClass)
  const all = sumOf(totals)
  const excess = byClass.map((count, k) => (count === 0 ? 0 : (count / n / (totals[k] / all) ** RARITY) ** 2))
  const sum = sumOf(excess)
  return excess.map(w => w / sum)
}

const RARITY = 0.6
const sumOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

type Painter = (pixel: number) => number

function painterOf(view: View, look: Look, i: number, colours: readonly number[]): Painter {
  const layer = view.layers[i]
  const raster = look.rasters[i]
  const { most } = raster
  if (layer.colour.kind === 'value') {
    const { low, high } = look.ranges[i]
    return p => onScale(high > low ? (raster.sum[p] / raster.count[p] - low) / (high - low) : 1)
  }
  if (isScale(view, layer)) return p => onScale(0.2 + 0.8 * fullness(raster.count[p], most))
  if (layer.colour.kind === 'presence') return () => colours[0]
  const { totals, classes, byClass } = raster
  const cells = layer.place.position.kind !== 'columns' && !layer.place.link
  return p => {
    const weights = weightsOf(Array.from(byClass.subarray(p * classes, (p + 1) * classes)), totals)
    const light = cells ? 1 : FAINT + (1 - FAINT) * fullness(raster.count[p], most)
    return mix(weights.map((weight, k) => [colours[k], weight * light]))
  }
}

/** The picture in colours, each pixel of the rasters as large as the frame's zoom says. */
export function paint(view: View, look: Look): Pixels {
  const { width, height, zoom } = look.frame
  const classes = classesOf(view)
  const painters = view.layers.map((_, i) => painterOf(view, look, i, classes[i].colours))
  const colours = new Int32Array(width * zoom * height * zoom).fill(-1)
  for (let p = 0; p < width * height; p++) {
    const top = topLayer(look, p)
    if (top < 0) continue
    const colour = painters[top](p)
    const left = (p % width) * zoom
    const from = Math.floor(p / width) * zoom
    for (let y = from; y < from + zoom; y++) {
      const at = y * width * zoom + left
      colours.fill(colour, at, at + zoom)
    }
  }
  return { width: width * zoom, height: height * zoom, colours }
}

function topLayer({ rasters }: Look, pixel: number): number {
  for (let i = rasters.length - 1; i >= 0; i--) if (rasters[i].count[pixel] > 0) return i
  return -1
}

/** Adds up a pixel and the one below it. */
function pairOf(raster: Raster, upper: number, lower: number | undefined) {
  const { classes, byClass, count, sum } = raster
  const of = (p: number | undefined, k: number) => (p === undefined ? 0 : byClass[p * classes + k])
  return {
    count: count[upper] + (lower === undefined ? 0 : count[lower]),
    sum: sum[upper] + (lower === undefined ? 0 : sum[lower]),
    byClass: Array.from({ length: classes }, (_, k) => of(upper, k) + of(lower, k)),
  }
}

const onRamp = (share: number) => RAMP[1 + Math.round(Math.min(1, Math.max(0, share)) * (RAMP.length - 2))]

type Glyph = (pair: ReturnType<typeof pairOf>) => string

function glyphOf(view: View, look: Look, i: number, letters: readonly string[]): Glyph {
  const layer = view.layers[i]
  const { most, totals } = look.rasters[i]
  if (layer.colour.kind === 'value') {
    const { low, high } = look.ranges[i]
    return ({ sum, count }) => onRamp(high > low ? (sum / count - low) / (high - low) : 1)
  }
  if (isScale(view, layer)) return ({ count }) => onRamp(fullness(count, most * 2))
  const ground = isGround(layer)
  // Of two labels the second is drawn by its share: what is rare would be all or nothing.
  if (ground && totals.length === 2)
    return ({ byClass, count }) => (byClass[1] === 0 ? GROUND : onRamp(0.25 + 0.75 * Math.sqrt(byClass[1] / count)))
  return ({ byClass }) => {
    const weights = weightsOf(byClass, totals)
    const top = weights.indexOf(Math.max(...weights))
    return ground && top === 0 ? GROUND : letters[top]
  }
}

/** The picture in characters, one for two pixels: a ramp from little to much, or the letter of the class that stands out. */
export function print(view: View, look: Look): string[] {
  const { width, height } = look.frame
  const classes = classesOf(view)
  const glyphs = view.layers.map((_, i) => glyphOf(view, look, i, classes[i].letters))
  const lines: string[] = []
  for (let y = 0; y < height; y += 2) {
    let line = ''
    for (let x = 0; x < width; x++) {
      const upper = y * width + x
      const lower = y + 1 < height ? upper + width : undefined
      const i = Math.max(topLayer(look, upper), lower === undefined ? -1 : topLayer(look, lower))
      line += i < 0 ? ' ' : glyphs[i](pairOf(look.rasters[i], upper, lower))
    }
    lines.push(line.trimEnd())
  }
  return lines
}

/** What the legend explains, class by class; layers on a scale have none. */
export function keysOf(view: View, look: Look): Key[] {
  const classes = classesOf(view)
  return view.layers.flatMap((layer, i) => {
    if (isScale(view, layer)) return []
    const { totals, stride } = look.rasters[i]
    const { colours, letters } = classes[i]
    const ramped = isGround(layer) && labelsOf(layer).length === 2
    return labelsOf(layer).map((label, k) => {
      const letter = !isGround(layer) ? letters[k] : k === 0 ? GROUND : ramped ? RAMP[RAMP.length - 1] : letters[k]
      return { label, colour: colours[k], letter, agents: totals[k] * stride }
    })
  })
}

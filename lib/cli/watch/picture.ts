// A whole picture in lines of text: title, the world from above, legend, measures. Pure.
import { compact, measured } from '../numbers.js'
import type { Size } from './extent.js'
import { halfBlocks } from './half-blocks.js'
import { keysOf, paint, print } from './paint.js'
import { type ColourDepth, colourCode } from './palette.js'
import type { Look } from './sampler.js'
import type { View } from './views.js'

/** What stands around the world in a picture. */
export interface Caption {
  readonly scenario: string
  readonly measures: Readonly<Record<string, unknown>>
}

/** Lines of a picture beside those of the world. */
export const CAPTION_LINES = 3

/** Pixels for the world in so many characters: two in each, one above the other. */
export function roomFor(size: Size): Size {
  return { width: Math.max(1, size.width), height: 2 * Math.max(1, size.height - CAPTION_LINES) }
}

function legend(view: View, look: Look, depth: ColourDepth): string {
  const keys = keysOf(view, look)
  const all = keys.reduce((n, k) => n + k.agents, 0)
  const share = (n: number) => (all === 0 ? 0 : (100 * n) / all)
  const percent = (n: number) => (n > 0 && n < 0.95 ? n.toFixed(1) : Math.round(n))
  const parts = keys.map(({ label, letter, colour, agents }) => {
    const mark = depth === 1 ? letter : `\u001b[${colourCode(colour, false, depth)}m■\u001b[0m`
    const name = mark === label ? label : `${mark} ${label}`
    const amount = view.layers.length > 1 ? compact(agents) : `${percent(share(agents))}%`
    return `${name} ${amount}`
  })
  view.layers.forEach((layer, i) => {
    const { low, high } = look.ranges[i]
    if (layer.colour.kind === 'value' && low <= high)
      parts.push(`${layer.colour.column}: ${measured(low)} to ${measured(high)}`)
    else if (layer.colour.kind === 'presence' && view.layers.length === 1)
      parts.push(`${layer.population}: at most ${compact(look.rasters[i].most * look.rasters[i].stride)} in one place`)
  })
  return parts.join('  ')
}

/** The first characters of a line, escape sequences not counted. */
export function cut(line: string, width: number): string {
  let out = ''
  let left = width
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  for (const [part] of line.matchAll(/\u001b\[[0-9;]*m|./gsu)) {
    if (part.startsWith('\u001b')) out += part
    else if (left-- > 0) out += part
  }
  return out
}

/** The lines of a picture that is `width` characters wide. */
export function pictureLines(view: View, look: Look, caption: Caption, width: number, depth: ColourDepth): string[] {
  const numbers = Object.entries(caption.measures).filter(([, value]) => typeof value === 'number')
  const measures = numbers.map(([name, value]) => `${name} ${measured(value as number)}`).join('  ')
  const world = depth === 1 ? print(view, look) : halfBlocks(paint(view, look), depth)
  return [
    cut(`${caption.scenario}  ${view.name}  tick ${look.tick}`, width),
    ...world,
    cut(legend(view, look, depth), width),
    cut(measures, width),
  ]
}

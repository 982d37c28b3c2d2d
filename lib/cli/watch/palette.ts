// Colours: of classes, of shares on a scale, and how a terminal is asked for them by what it can show. A colour is one
// number, 0xrrggbb. Pure.

/** Colours of classes, as far apart as few colours can be; the first three are those of the charts. */
export const CLASS_COLOURS: readonly number[] = [
  0x4e79ff, 0xff4d4d, 0x4ec94e, 0xf2c80f, 0xd65bd6, 0x2fc4c4, 0xc8c8c8, 0xff9040, 0x9a7bff, 0xa6d854, 0xff8fb1,
  0x8c8c8c,
]
/** Colours of a lattice's labels: the first is the ground that others stand out from, the second what grows there. */
export const GROUND_COLOURS: readonly number[] = [
  0x26303a, 0x4ec94e, 0xff4d4d, 0x8c8c8c, 0xf2c80f, 0x4e79ff, 0xd65bd6, 0x2fc4c4, 0xff9040, 0x9a7bff, 0xff8fb1,
  0xc8c8c8,
]
/** From little to much: dark violet, blue, green, yellow. Lightness grows all the way, so that it reads without hue too. */
const SCALE: readonly number[] = [0x3b1a5a, 0x3b528b, 0x21908c, 0x5dc863, 0xfde725]

const channels = (colour: number): [number, number, number] => [colour >> 16, (colour >> 8) & 255, colour & 255]

/** A mix of colours, each with its weight; a weight of 1 in all gives full brightness. */
export function mix(parts: Iterable<readonly [colour: number, weight: number]>): number {
  let [r, g, b] = [0, 0, 0]
  for (const [colour, weight] of parts) {
    const [cr, cg, cb] = channels(colour)
    r += cr * weight
    g += cg * weight
    b += cb * weight
  }
  return (Math.min(255, Math.round(r)) << 16) | (Math.min(255, Math.round(g)) << 8) | Math.min(255, Math.round(b))
}

/** The colour of a share from 0 to 1 on the scale. */
export function onScale(share: number): number {
  const at = Math.min(1, Math.max(0, share)) * (SCALE.length - 1)
  const i = Math.min(SCALE.length - 2, Math.floor(at))
  return mix([
    [SCALE[i], 1 - (at - i)],
    [SCALE[i + 1], at - i],
  ])
}

/** Bits of a colour that a terminal can show, as tty.WriteStream.getColorDepth gives them; 1: none. */
export type ColourDepth = 1 | 4 | 8 | 24

/** The 16 colours that every terminal with colours has, as most of them show them. */
const BASIC: readonly number[] = [
  0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00,
  0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
]

function distance(a: number, b: number): number {
  const [ar, ag, ab] = channels(a)
  const [br, bg, bb] = channels(b)
  return (ar - br) ** 2 + (ag - bg) ** 2 + (ab - bb) ** 2
}

/** The number of the nearest of xterm's 256 colours: its cube of 6 x 6 x 6, or its 24 grays. */
function nearestOf256(colour: number): number {
  const [r, g, b] = channels(colour)
  const level = (c: number) => (c < 48 ? 0 : c < 115 ? 1 : Math.floor((c - 35) / 40))
  const light = (i: number) => (i === 0 ? 0 : 55 + 40 * i)
  const cube = mix([
    [0xff0000, light(level(r)) / 255],
    [0x00ff00, light(level(g)) / 255],
    [0x0000ff, light(level(b)) / 255],
  ])
  const gray = Math.min(23, Math.max(0, Math.round(((r + g + b) / 3 - 8) / 10)))
  const shade = (8 + 10 * gray) * 0x010101
  return distance(cube, colour) <= distance(shade, colour) ? 16 + 36 * level(r) + 6 * level(g) + level(b) : 232 + gray
}

function nearestBasic(colour: number): number {
  let best = 0
  for (let i = 1; i < BASIC.length; i++) if (distance(BASIC[i], colour) < distance(BASIC[best], colour)) best = i
  return best
}

/** The parameters of the escape sequence that sets a colour, of the ink or of the ground behind it. */
export function colourCode(colour: number, ground: boolean, depth: ColourDepth): string {
  if (depth === 24) return `${ground ? 48 : 38};2;${channels(colour).join(';')}`
  if (depth === 8) return `${ground ? 48 : 38};5;${nearestOf256(colour)}`
  const basic = nearestBasic(colour)
  return String((basic < 8 ? 30 + basic : 82 + basic) + (ground ? 10 : 0))
}

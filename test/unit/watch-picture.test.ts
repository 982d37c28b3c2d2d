// From rasters to colours, characters and lines of text.
import * as fc from 'fast-check'
import t from 'tap'
import { Range } from '../../lib/cli/watch/extent.js'
import { halfBlocks } from '../../lib/cli/watch/half-blocks.js'
import { paint, print, weightsOf } from '../../lib/cli/watch/paint.js'
import { CLASS_COLOURS, colourCode, GROUND_COLOURS, mix, onScale } from '../../lib/cli/watch/palette.js'
import { cut, pictureLines, roomFor } from '../../lib/cli/watch/picture.js'
import { MAX_CLASSES, Raster } from '../../lib/cli/watch/raster.js'
import type { Look } from '../../lib/cli/watch/sampler.js'
import type { Colour, Layer, Place, View } from '../../lib/cli/watch/views.js'

const ESC = '\u001b['
const CELLS: Place = { population: 'cell', position: { kind: 'cells' }, link: undefined }
const POINTS: Place = {
  population: 'npc',
  position: { kind: 'columns', x: 'x', y: 'y', geographic: false },
  link: undefined,
}
const labels = (...of: string[]): Colour => ({ kind: 'labels', column: 'c', labels: of })
const PRESENCE: Colour = { kind: 'presence' }
const layer = (place: Place, colour: Colour): Layer => ({ population: place.population, place, colour })

/** A picture of layers, each with its agents as [pixel, class or number]. */
function picture(
  width: number,
  height: number,
  layers: readonly (readonly [Layer, readonly (readonly [number, number])[]])[],
  zoom = 1,
): { view: View; look: Look } {
  const rasters = layers.map(([{ colour }, agents]) => {
    const raster = new Raster(width, height, colour.kind === 'labels' ? colour.labels.length : 1)
    for (const [pixel, value] of agents) raster.add(pixel, colour.kind === 'labels' ? value : 0, value)
    return raster
  })
  const ranges = rasters.map(raster => {
    const range = new Range()
    range.include(...raster.means)
    return range
  })
  const frame = { left: 0, top: 0, unitX: 1, unitY: 1, width, height, zoom }
  return { view: { name: 'view', layers: layers.map(([l]) => l) }, look: { tick: 3, frame, rasters, ranges } }
}

t.test('half blocks: two pixels a character, a colour only where it changes', async t => {
  const [a, b] = [0xff0000, 0x0000ff]
  const lines = halfBlocks(
    { width: 4, height: 3, colours: Int32Array.from([a, a, -1, a, a, b, b, -1, -1, -1, b, -1]) },
    24,
  )
  t.equal(
    lines[0],
    `${ESC}38;2;255;0;0;48;2;255;0;0m▀${ESC}48;2;0;0;255m▀${ESC}0m${ESC}38;2;0;0;255m▄${ESC}38;2;255;0;0m▀${ESC}0m`,
  )
  t.equal(lines[1], `  ${ESC}38;2;0;0;255m▀${ESC}0m`, 'a last odd row, and nothing behind the last pixel')
  t.same(halfBlocks({ width: 3, height: 2, colours: new Int32Array(6).fill(-1) }, 8), [''])
})

t.test('a picture of half blocks shows the pixels that it was made of', async t => {
  const pixel = fc.constantFrom(-1, 0xff0000, 0x00ff00, 0x0000ff)
  const pixels = fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 7 }))
    .chain(([width, height]) =>
      fc.array(pixel, { minLength: width * height, maxLength: width * height }).map(c => ({ width, height, c })),
    )
  fc.assert(
    fc.property(pixels, ({ width, height, c }) => {
      const lines = halfBlocks({ width, height, colours: Int32Array.from(c) }, 24)
      for (let y = 0; y < height; y++) {
        const seen = read(lines[y >> 1], width)
        for (let x = 0; x < width; x++) {
          const shown = seen[x][y & 1]
          if (shown !== c[y * width + x]) throw new Error(`${shown} at ${x}, ${y} of ${JSON.stringify(lines)}`)
        }
      }
    }),
  )
  t.pass('it does')
})

/** The upper and lower colour of each character, as a terminal would show them. */
function read(line: string, width: number): [number, number][] {
  const out: [number, number][] = []
  let [ink, ground] = [-1, -1]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  for (const [, codes, mark] of line.matchAll(/\u001b\[([0-9;]*)m|(.)/gu)) {
    const numbers = codes?.split(';').map(Number) ?? []
    if (numbers[0] === 0) [ink, ground] = [-1, -1]
    for (let i = 0; numbers.length >= 5 && i < numbers.length; i += 5) {
      const colour = (numbers[i + 2] << 16) | (numbers[i + 3] << 8) | numbers[i + 4]
      if (numbers[i] === 38) ink = colour
      else ground = colour
    }
    if (mark === '▀') out.push([ink, ground])
    else if (mark === '▄') out.push([ground, ink])
    else if (mark === ' ') out.push([ground, ground])
  }
  while (out.length < width) out.push([-1, -1])
  return out
}

t.test('a colour is asked for by what the terminal can show', async t => {
  t.equal(colourCode(0x102030, false, 24), '38;2;16;32;48')
  t.equal(colourCode(0xff0000, true, 8), '48;5;196', 'the red of the cube')
  t.equal(colourCode(0x808080, false, 8), '38;5;244', 'a gray')
  t.equal(colourCode(0xf00505, false, 4), '91', 'bright red')
  t.equal(colourCode(0x000010, true, 4), '40')
  for (let c = 16; c < 232; c++) {
    const level = [0, 95, 135, 175, 215, 255]
    const n = c - 16
    const rgb = (level[Math.floor(n / 36)] << 16) | (level[Math.floor(n / 6) % 6] << 8) | level[n % 6]
    const found = colourCode(rgb, false, 8)
    if (found !== `38;5;${c}`) t.match(found, /38;5;(24|25|23)\d/, 'a gray of the cube is also one of the grays')
  }
})

t.test('the scale grows lighter all the way', async t => {
  const light = (c: number) => 0.299 * (c >> 16) + 0.587 * ((c >> 8) & 255) + 0.114 * (c & 255)
  const shades = Array.from({ length: 101 }, (_, i) => light(onScale(i / 100)))
  t.ok(shades.every((s, i) => i === 0 || s > shades[i - 1]))
  t.equal(onScale(-1), onScale(0))
  t.equal(onScale(2), onScale(1))
  t.equal(mix([[0xff8040, 0.5]]), 0x804020)
})

t.test('the weights of classes sum to one; alone a class has all; the rare one counts for more', async t => {
  const counts = fc.array(fc.nat(100), { minLength: 2, maxLength: 5 }).filter(c => c.some(n => n > 0))
  fc.assert(
    fc.property(counts, counts, (pixel, rest) => {
      const totals = pixel.map((n, k) => n + (rest[k] ?? 0))
      const weights = weightsOf(pixel, totals)
      if (Math.abs(weights.reduce((a, b) => a + b) - 1) > 1e-9) throw new Error(String(weights))
      if (pixel.filter(n => n > 0).length === 1 && Math.max(...weights) !== 1) throw new Error('a colour not its own')
    }),
  )
  const [many, few] = weightsOf([90, 10], [1_000_000, 100])
  t.ok(few > many)
  t.same(weightsOf([50, 50], [500, 500]), [0.5, 0.5])
})

t.test('cells have the colours of a ground, agents lie above them', async t => {
  const { view, look } = picture(2, 2, [
    [layer(CELLS, labels('bare', 'grown')), [0, 1, 2, 3].map(p => [p, p % 2] as const)],
    [layer(POINTS, PRESENCE), [[3, 0]]],
  ])
  const { colours } = paint(view, look)
  t.same(Array.from(colours.subarray(0, 3)), [GROUND_COLOURS[0], GROUND_COLOURS[1], GROUND_COLOURS[0]])
  t.notOk(GROUND_COLOURS.slice(0, 3).includes(colours[3]))
  t.same(print(view, look), ['.n'], 'of two pixels the upper layer shows')
})

t.test('agents are the brighter the more there are; nobody is no colour', async t => {
  const agents = [...new Array(9).fill([0, 1]), [1, 1], [2, 0]] as [number, number][]
  const { view, look } = picture(2, 2, [[layer(POINTS, labels('S', 'I')), agents]])
  const { colours } = paint(view, look)
  t.equal(colours[0], CLASS_COLOURS[1])
  t.ok(colours[1] >> 16 < colours[0] >> 16 && colours[1] > 0)
  t.equal(colours[3], -1)
  t.same(print(view, look), ['II'], 'the letter of what stands out')
})

t.test('a number, and a crowd, are on a scale', async t => {
  const value = picture(3, 2, [
    [
      layer(POINTS, { kind: 'value', column: 'age' }),
      [
        [0, 10],
        [1, 20],
        [1, 40],
        [2, 50],
      ],
    ],
  ])
  const { colours } = paint(value.view, value.look)
  t.same(Array.from(colours.subarray(0, 3)), [onScale(0), onScale(0.5), onScale(1)])
  t.same(print(value.view, value.look), ['.+@'])
  const crowd = picture(2, 2, [
    [
      layer(POINTS, PRESENCE),
      [
        [0, 0],
        [1, 0],
        [1, 0],
        [1, 0],
      ],
    ],
  ])
  t.equal(paint(crowd.view, crowd.look).colours[1], onScale(1))
  t.equal(print(crowd.view, crowd.look)[0].length, 2)
})

t.test('a cell is drawn as large as the zoom says', async t => {
  const { view, look } = picture(
    2,
    1,
    [
      [
        layer(CELLS, labels('off', 'on')),
        [
          [0, 0],
          [1, 1],
        ],
      ],
    ],
    3,
  )
  const { width, height, colours } = paint(view, look)
  t.same([width, height], [6, 3])
  t.same(
    Array.from(colours),
    [0, 1, 2].flatMap(() => [0, 0, 0, 1, 1, 1].map(k => GROUND_COLOURS[k])),
  )
})

t.test('labels beyond the classes that are told apart are others', async t => {
  const many = Array.from({ length: MAX_CLASSES + 5 }, (_, i) => `label${i}`)
  const { view, look } = picture(2, 2, [
    [
      layer(POINTS, labels(...many)),
      [
        [0, 1],
        [1, 15],
        [2, 16],
      ],
    ],
  ])
  const [, , legend] = pictureLines(view, look, { scenario: 's', measures: {} }, 400, 1)
  t.match(legend, /label1 33%.* others 67%/)
  t.notMatch(legend, 'label15')
})

t.test('a picture fits its room: title, world, legend, measures', async t => {
  const { view, look } = picture(4, 4, [
    [
      layer(CELLS, labels('off', 'on')),
      [
        [0, 1],
        [5, 0],
        [10, 0],
        [15, 0],
      ],
    ],
  ])
  const caption = { scenario: 'life', measures: { alive: 1234, spread: [1, 2] } }
  t.same(pictureLines(view, look, caption, 80, 1), [
    'life  view  tick 3',
    '@.',
    '  ..',
    '. off 75%  @ on 25%',
    'alive 1,234',
  ])
  const narrow = pictureLines(view, look, caption, 9, 8)
  t.equal(narrow[0], 'life  vie')
  t.equal(narrow[3], cut(narrow[3], 9), 'colours take no room')
  t.same(roomFor({ width: 80, height: 24 }), { width: 80, height: 42 })
  t.same(roomFor({ width: 0, height: 1 }), { width: 1, height: 2 }, 'however small the terminal')
})

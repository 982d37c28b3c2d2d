// Pixels as lines of text: each character is two pixels, one above the other, the upper in the colour of the ink and the
// lower in that of the ground behind it. Pure.
import type { Pixels } from './paint.js'
import { type ColourDepth, colourCode } from './palette.js'

const RESET = '\u001b[0m'

/** The lines of a picture. A colour is set only where it changes; each line ends with none. */
export function halfBlocks({ width, height, colours }: Pixels, depth: ColourDepth): string[] {
  const lines: string[] = []
  for (let y = 0; y < height; y += 2) {
    let line = ''
    let ink = -1
    let ground = -1
    for (let x = 0; x < width; x++) {
      const upper = colours[y * width + x]
      const lower = y + 1 < height ? colours[(y + 1) * width + x] : -1
      const [mark, front, back] = upper >= 0 ? ['▀', upper, lower] : lower >= 0 ? ['▄', lower, -1] : [' ', ink, -1]
      if (back < 0 && ground >= 0) {
        line += RESET // no code takes the ground alone away on every terminal
        ink = -1
        ground = -1
      }
      const codes: string[] = []
      if (front >= 0 && front !== ink) codes.push(colourCode(front, false, depth))
      if (back >= 0 && back !== ground) codes.push(colourCode(back, true, depth))
      if (codes.length > 0) line += `\u001b[${codes.join(';')}m`
      if (front >= 0 && mark !== ' ') ink = front
      if (back >= 0) ground = back
      line += mark
    }
    const text = line.trimEnd()
    lines.push(text.includes('\u001b') ? `${text}${RESET}` : text)
  }
  return lines
}

// Patterns as Redis has them (its stringmatchlen), over bytes of UTF-8 as there: * any bytes, ? one byte, [abc], [a-z],
// [^a] one of or none of them, \ takes the next byte as it is. In time linear in pattern times text, whatever the pattern.

const [STAR, ANY, OPEN, CLOSE, ESCAPE, NOT, RANGE] = [...Buffer.from('*?[]\\^-')]

/** Text as a pattern that matches it alone. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\^-]/g, '\\$&')
}

/** One part of a pattern other than *: where the next one begins, and which bytes it takes. */
function readSet(pattern: Uint8Array, at: number, byte: number): [next: number, matches: boolean] {
  let i = at + 1
  const not = pattern[i] === NOT
  if (not) i++
  let found = false
  for (; ; i++) {
    // A set that is not ended takes its last byte for the end, as in Redis.
    if (i >= pattern.length) return [i, found !== not]
    if (pattern[i] === ESCAPE && i + 1 < pattern.length) {
      i++
      found ||= pattern[i] === byte
    } else if (pattern[i] === CLOSE) {
      return [i + 1, found !== not]
    } else if (pattern[i + 1] === RANGE && i + 2 < pattern.length) {
      const [a, b] = [pattern[i], pattern[i + 2]]
      found ||= byte >= Math.min(a, b) && byte <= Math.max(a, b)
      i += 2
    } else {
      found ||= pattern[i] === byte
    }
  }
}

function readOne(pattern: Uint8Array, at: number, byte: number): [next: number, matches: boolean] {
  if (pattern[at] === ANY) return [at + 1, true]
  if (pattern[at] === OPEN) return readSet(pattern, at, byte)
  const literal = pattern[at] === ESCAPE && at + 1 < pattern.length ? at + 1 : at
  return [literal + 1, pattern[literal] === byte]
}

/** A test of texts against a pattern. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const parts = Buffer.from(pattern)
  return given => {
    const text = Buffer.from(given)
    let at = 0
    // Where to go on when a part does not match: after the last *, with one byte more given to it.
    let star = -1
    let taken = 0
    for (let i = 0; i < text.length; ) {
      if (parts[at] === STAR) {
        star = ++at
        taken = i
        continue
      }
      const [next, matches] = at < parts.length ? readOne(parts, at, text[i]) : [at, false]
      if (matches) {
        at = next
        i++
      } else if (star >= 0) {
        at = star
        i = ++taken
      } else {
        return false
      }
    }
    while (parts[at] === STAR) at++
    return at === parts.length
  }
}

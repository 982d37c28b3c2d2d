// Nearest known name, for error messages about unknown ones.

/** Edit distance with adjacent transpositions (Damerau 1964, restricted form). */
function distance(a: string, b: string): number {
  const width = b.length + 1
  const d = new Uint16Array((a.length + 1) * width)
  for (let i = 0; i <= a.length; i++) d[i * width] = i
  for (let j = 0; j <= b.length; j++) d[j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(d[(i - 1) * width + j] + 1, d[i * width + j - 1] + 1, d[(i - 1) * width + j - 1] + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, d[(i - 2) * width + j - 2] + 1)
      }
      d[i * width + j] = best
    }
  }
  return d[a.length * width + b.length]
}

/** The known name nearest to `name`, or undefined when none is within half its length. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 2)) + 1
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best
}

/** "; did you mean 'x'?" or the list of what is known. */
export function hint(name: string, known: readonly string[]): string {
  const close = nearest(name, known)
  if (close !== undefined) return `did you mean '${close}'?`
  return known.length === 0 ? 'there are none' : `known: ${known.map(k => `'${k}'`).join(', ')}`
}

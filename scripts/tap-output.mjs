// Makes two things of the raw TAP that tap writes: the counts of the whole run, and a log that a person can read.
// Pure: lines come in, lines go out. The outermost level of the TAP has one test point for each test file.
const TOTALS = /^# \{ (total: \d+[^}]*) \}$/
const POINT = /^(not )?ok \d+ - /
const INSIDE = /^(\s|#|$)/

/** Returns `read(line)`, which gives the lines to print for it, and `counts()`, undefined until tap wrote its totals. */
export function tapOutput() {
  let counts
  let held = []
  let failing = false
  function read(line) {
    const totals = TOTALS.exec(line)
    if (totals !== null) counts = countsIn(totals[1])
    const point = POINT.exec(line)
    if (point !== null) {
      failing = point[1] !== undefined
      const lines = failing ? [...held, line] : [line]
      held = []
      return lines
    }
    if (line.startsWith('Bail out!')) return [...held.splice(0), line]
    // What belongs to a file comes before its point; only the diagnostics of a failed point come after it.
    if (line.startsWith('# Subtest: ')) failing = false
    if (failing) return [line]
    if (INSIDE.test(line)) held.push(line)
    return []
  }
  return { read, counts: () => counts }
}

function countsIn(totals) {
  const fields = Object.fromEntries(totals.split(', ').map(field => field.split(': ')))
  const count = name => Number(fields[name] ?? 0)
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') }
}

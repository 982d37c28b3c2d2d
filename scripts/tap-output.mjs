// What one test file wrote as TAP: its counts, and its part of the TAP of the whole run, in which each file is one test
// point. Pure: text comes in, text goes out.
const TOTALS = /^# \{ (total: \d+[^}]*) \}$/m

/** Passed, failed and skipped assertions. A file that ended badly without saying why, or without totals, failed once. */
export function countsOf({ output, code }) {
  const totals = TOTALS.exec(output)
  const fields = Object.fromEntries((totals?.[1] ?? '').split(', ').map(field => field.split(': ')))
  const count = name => Number(fields[name] ?? 0)
  const silent = totals === null || code !== 0
  const failed = Math.max(count('fail'), silent ? 1 : 0)
  return { passed: count('pass'), failed, skipped: count('skip') + count('todo') }
}

/** The file's test point, number `n`, and with it what it wrote, one level further in. */
export function pointOf({ file, output, code, ms }, n, failed) {
  const inside = output.replace(/^TAP version \d+\n/, '').replaceAll(/^(?=.)/gm, '    ')
  const how = code === 0 ? '' : typeof code === 'string' ? ` # ended by ${code}` : ` # ended with code ${code}`
  const line = `${failed > 0 ? 'not ok' : 'ok'} ${n} - ${file} # time=${ms.toFixed(0)}ms${how}`
  return { line, text: `# Subtest: ${file}\n${inside}${inside.endsWith('\n') ? '' : '\n'}${line}\n` }
}

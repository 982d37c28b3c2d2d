import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { ERROR_CODES, fromErrorData, PopulaceError, toErrorData } from '../../lib/core/errors.js'

const codes = Object.keys(ERROR_CODES).sort()
const rows = readFileSync('docs/errors.md', 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| `'))
  .map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )

function sourcesUnder(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'))
  return paths.map(path => `${folder}/${path.replaceAll('\\', '/')}`).filter(path => path !== 'lib/core/errors.ts')
}

test('every code has a row in docs/errors.md, and every row a code', async t => {
  t.strictSame(rows.map(([code]) => code.replaceAll('`', '')).sort(), codes)
})

test('every row says what a code means, its cause and its remedy', async t => {
  for (const row of rows) {
    t.equal(row.length, 4, `${row[0]} has four cells`)
    for (const cell of row.slice(1)) t.match(cell, /^[A-Z`].{6,}\.$/, `${row[0]}: ${cell}`)
  }
})

test('every code is thrown somewhere, and nothing is thrown with another', async t => {
  const used = new Set<string>()
  for (const path of [...sourcesUnder('lib'), ...sourcesUnder('workers')]) {
    const text = readFileSync(path, 'utf8').replaceAll(/[!=]== '[A-Z_]+'/g, '') // a comparison throws nothing
    for (const [, code] of text.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)) if (code in ERROR_CODES) used.add(code)
    for (const [, code] of text.matchAll(/new PopulaceError\(\s*'([^']+)'/g))
      t.ok(code in ERROR_CODES, `${path}: ${code}`)
  }
  t.strictSame([...used].sort(), codes)
})

test('an error says what happened and what to do', async t => {
  const cause = new Error('behind it')
  const error = new PopulaceError('CYCLE', 'It went round', 'Mend it.', cause)
  t.equal(error.message, 'It went round. Mend it.')
  t.equal(error.remedy, 'Mend it.')
  t.equal(error.name, 'PopulaceError')
  t.equal(error.cause, cause)
  t.notOk('cause' in new PopulaceError('CYCLE', 'It went round', 'Mend it.'))
})

test('an error crosses a thread as plain data', async t => {
  const error = new PopulaceError('CYCLE', 'It went round', 'Mend it.')
  const there = fromErrorData(structuredClone(toErrorData(error))) as PopulaceError
  t.type(there, PopulaceError)
  t.strictSame(
    [there.code, there.message, there.remedy, there.stack],
    [error.code, error.message, error.remedy, error.stack],
  )
})

test('an error of another class crosses a thread with its name, a thrown value as text', async t => {
  const there = fromErrorData(structuredClone(toErrorData(new RangeError('too far'))))
  t.strictSame([there.name, there.message], ['RangeError', 'too far'])
  t.notOk(there instanceof PopulaceError)
  t.equal(fromErrorData(toErrorData('a string')).message, 'a string')
})

// The sort of mail into runs, held against the plain sort of an array, for any number of shares and buckets.
import fc from 'fast-check'
import { test } from 'tap'
import { MailSort, NO_RUN } from '../../lib/exchange/mail-sort.js'
import type { MailSortLayout } from '../../lib/memory/layout.js'

interface Letter {
  /** A receiver's row, or NO_RUN. */
  readonly key: number
  readonly number: number
}

interface Mail {
  readonly rows: number
  readonly shift: number
  readonly shares: number
  readonly letters: readonly Letter[]
}

/** Rows that all letters go to, so that some buckets are crowded and others nearly empty. */
const mail = fc
  .record({
    rows: fc.integer({ min: 1, max: 300 }),
    shift: fc.integer({ min: 2, max: 7 }),
    shares: fc.integer({ min: 1, max: 5 }),
    crowd: fc.integer({ min: 0, max: 400 }),
    crowded: fc.nat(299),
    keys: fc.array(fc.integer({ min: NO_RUN, max: 299 }), { maxLength: 300 }),
  })
  .map(({ rows, crowd, crowded, keys, ...o }): Mail => {
    const around = Array.from({ length: crowd }, (_, i) => crowded + (i % 3))
    const all = [...keys, ...around].map((key, number) => ({ key: key < rows ? key : NO_RUN, number }))
    // Crowded among the others, in an order that goes with nothing: 7919 is a prime.
    return { ...o, rows, letters: all.map((_, i) => all[(i * 7919) % all.length]) }
  })

const CAPACITY = 700

/** A sort in memory of its own, with columns of one and of three values. */
function bare({ rows, shift, shares }: Pick<Mail, 'rows' | 'shift' | 'shares'>) {
  const buckets = Math.ceil(rows / 2 ** shift)
  const sizes = { keys: CAPACITY, halfKeys: CAPACITY, tally: shares * buckets, begins: buckets + 1, first: rows + 1 }
  const offsets: Record<string, number> = {}
  let bytes = 0
  for (const [name, words] of Object.entries(sizes)) {
    offsets[name] = bytes
    bytes += words * 4
  }
  const layout = { rows, shares, shift, buckets, ...offsets } as unknown as MailSortLayout // the offsets are its others
  const column = (size: number) => ({
    ...{ from: new Float64Array(CAPACITY * size), half: new Float64Array(CAPACITY * size) },
    ...{ to: new Float64Array(CAPACITY * size), size },
  })
  const [number, triple] = [column(1), column(3)]
  const wanted = new Int32Array(CAPACITY)
  const key = { constants: { wanted }, before: '', code: 'const key = wanted[e]' }
  const sort = new MailSort(new SharedArrayBuffer(bytes), layout, CAPACITY, [number, triple], key)
  const run = (letters: readonly Letter[]): number => {
    letters.forEach(({ key, number: n }, e) => {
      wanted[e] = key
      number.from[e] = n
      for (let v = 0; v < 3; v++) triple.from[e * 3 + v] = n * 10 + v
    })
    const share = (i: number): [number, number] => [
      Math.floor((letters.length * i) / shares),
      Math.floor((letters.length * (i + 1)) / shares),
    ]
    for (let i = 0; i < shares; i++) sort.count(i, ...share(i))
    const total = sort.begin(shares)
    for (let i = shares - 1; i >= 0; i--) sort.scatter(i, ...share(i))
    for (let i = buckets - 1; i >= 0; i--) sort.place(i)
    return total
  }
  return { run, first: sort.first, number: number.to, triple: triple.to }
}

/** What the runs must be: letters by row, and where each row's begin. */
function plain(rows: number, letters: readonly Letter[]) {
  const kept = letters.filter(l => l.key !== NO_RUN)
  const numbers = [...kept].sort((a, b) => a.key - b.key).map(l => l.number) // Array.sort is stable
  const first = Array.from({ length: rows + 1 }, (_, row) => kept.filter(l => l.key < row).length)
  return { numbers, first, triples: numbers.flatMap(n => [n * 10, n * 10 + 1, n * 10 + 2]) }
}

test('mail comes in runs by row, each in the order in which it was sent, however it is shared and bucketed', async t => {
  fc.assert(
    fc.property(mail, fc.nat(600), (given, kept) => {
      const { run, first, number, triple } = bare(given)
      // Twice in the same memory: what the first sort left behind must not show.
      for (const letters of [given.letters, given.letters.slice(0, kept), []]) {
        const expected = plain(given.rows, letters)
        const total = run(letters)
        t.equal(total, expected.numbers.length)
        t.strictSame([...first], expected.first)
        t.strictSame([...number.subarray(0, total)], expected.numbers)
        t.strictSame([...triple.subarray(0, total * 3)], expected.triples)
      }
      return t.passing()
    }),
    { numRuns: 200 },
  )
})

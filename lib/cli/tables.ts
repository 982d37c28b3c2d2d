// Tables of text, without colours and without the lines between rows.
import Table from 'cli-table3'

const PLAIN = { head: [], border: [], compact: true }

/** Names on the left, values on the right. */
export function pairsTable(rows: readonly (readonly [string, string])[]): string {
  const table = new Table({ style: PLAIN })
  for (const [name, value] of rows) table.push([name, value])
  return table.toString()
}

/** A head and rows; the first `texts` columns to the left, the others, which are numbers, to the right. */
export function columnsTable(head: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const colAligns = head.map((_, i) => (i < texts ? 'left' : 'right') as 'left' | 'right')
  const table = new Table({ head: [...head], colAligns, style: PLAIN })
  for (const row of rows) table.push([...row])
  return table.toString()
}

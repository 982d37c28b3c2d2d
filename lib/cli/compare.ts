// populace compare: two stored runs, checkpoint by checkpoint, and in what they differ first.
import { storeAt } from '../run/stores.js'
import { type Comparison, compareRuns } from '../state/compare.js'
import { findRun } from '../state/stored-state.js'
import { type Arguments, wrongUsage } from './arguments.js'
import { grouped } from './numbers.js'
import { reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'

/** Runs the command; 1 where they differ. */
export async function compare(given: Arguments): Promise<number> {
  const print = reserveStdout()
  const [address, first, second, ...more] = given.positionals
  if (second === undefined || more.length > 0)
    throw wrongUsage('populace compare takes a store and two runs', 'Write populace compare file:FOLDER one other.')
  const store = await storeAt(address)
  const other = given.text('with') === undefined ? store : await storeAt(given.text('with') ?? '')
  try {
    const a = await findRun(store, first)
    const b = await findRun(other, second)
    const found = await compareRuns({ store, run: a.run }, { store: other, run: b.run })
    print(
      given.has('json')
        ? JSON.stringify({ version: packageVersion(), a: a.run, b: b.run, ...found })
        : text(a.run, b.run, found),
    )
    return found.differs ? 1 : 0
  } finally {
    await store.close()
    if (other !== store) await other.close()
  }
}

const value = (of: unknown) => (of === undefined ? 'nothing' : JSON.stringify(of))

function text(a: string, b: string, { compared, equalAt, differs }: Comparison): string {
  if (compared === 0) return `'${a}' and '${b}' have no checkpoint at the same tick.`
  if (!differs) return `'${a}' and '${b}' are equal at all ${grouped(compared)} ticks at which both have a checkpoint.`
  const last = equalAt === undefined ? 'from the first on' : `after tick ${grouped(equalAt)}, at which they are equal`
  const lines = differs.columns.map(d => {
    const where = d.column === 'id' ? `the agents of '${d.population}'` : `'${d.population}.${d.column}'`
    const who = d.agent === undefined ? '' : `, first of agent ${d.agent}: ${value(d.a)} and ${value(d.b)}`
    return `  ${where}${who}`
  })
  const what = lines.length === 0 ? '' : ` in\n${lines.join('\n')}`
  return `'${a}' and '${b}' differ at tick ${grouped(differs.tick)}, ${last}${what}`
}

// populace migrate: brings the tables of a Postgres store up to date, takes migrations back, or says where they are.
import { DatabasePool } from '../services/database-pool.js'
import { migrateDown, migrateUp, migrationStatus } from '../services/migrations.js'
import { type Arguments, wrongUsage } from './arguments.js'
import { reserveStdout } from './output.js'
import { packageVersion } from './package-info.js'
import { columnsTable } from './tables.js'

/** Runs the command. */
export async function migrate(given: Arguments): Promise<number> {
  const print = reserveStdout()
  const [connectionString, more] = given.positionals
  if (connectionString === undefined || !/^postgres(ql)?:/.test(connectionString) || more !== undefined)
    throw wrongUsage('populace migrate takes a Postgres store', 'Write populace migrate postgres://USER@HOST/DATABASE.')
  const down = given.integer('down', 1)
  if (down !== undefined && given.has('status'))
    throw wrongUsage('--down and --status exclude each other', 'Give one of them.')
  const pool = new DatabasePool({ connectionString, applicationName: 'populace migrate', poolSize: 1 })
  await pool.initialize()
  try {
    const up = down === undefined && !given.has('status')
    const done = up ? await migrateUp(pool) : down === undefined ? [] : await migrateDown(pool, down)
    const states = await migrationStatus(pool)
    if (given.has('json')) {
      const migrations = states.map(s => ({ ...s, applied: s.applied?.toISOString() ?? null }))
      print(JSON.stringify({ version: packageVersion(), [up ? 'applied' : 'takenBack']: done, migrations }))
      return 0
    }
    for (const name of done) print(`${up ? 'applied' : 'took back'} ${name}`)
    const rows = states.map(s => [String(s.number), s.name, s.applied?.toISOString() ?? 'not applied'])
    print(columnsTable(['number', 'migration', 'applied'], rows, 3))
    return 0
  } finally {
    await pool.close()
  }
}

// Migrations as files: `0001-name.up.sql` and `0001-name.down.sql`, numbered from 1 without a gap. What a file says may not
// change once it was applied anywhere, so each has a checksum.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { PopulaceError } from '../core/errors.js'

export interface Migration {
  readonly number: number
  /** As its files are named, without their endings. */
  readonly name: string
  readonly up: string
  readonly down: string
  /** Of `up`. */
  readonly checksum: string
}

const FILE = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.(up|down)\.sql$/

export function migrationInvalid(what: string, remedy: string): PopulaceError {
  return new PopulaceError('MIGRATION_INVALID', what, remedy)
}

async function listed(folder: URL): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(file => file.endsWith('.sql')).sort()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw migrationInvalid(
      `The folder of migrations cannot be read (${code})`,
      'Give the URL of a folder, ending in /.',
    )
  }
}

/** Line ends differ between checkouts of one file. */
async function textOf(folder: URL, file: string): Promise<string> {
  return (await readFile(new URL(file, folder), 'utf8')).replaceAll('\r\n', '\n')
}

/** The migrations of a folder, in order. MIGRATION_INVALID. */
export async function readMigrations(folder: URL): Promise<readonly Migration[]> {
  const files = await listed(folder)
  const odd = files.find(file => !FILE.test(file))
  if (odd !== undefined) throw migrationInvalid(`The migration '${odd}' is named wrongly`, 'Name it 0001-what.up.sql.')
  const names = [...new Set(files.map(file => file.replace(/\.(up|down)\.sql$/, '')))]
  return Promise.all(
    names.map(async (name, i) => {
      const number = Number(name.slice(0, 4))
      if (number !== i + 1) {
        throw migrationInvalid(
          `Migration '${name}' stands where number ${i + 1} is the next`,
          'Number them without a gap.',
        )
      }
      for (const way of ['up', 'down']) {
        if (files.includes(`${name}.${way}.sql`)) continue
        throw migrationInvalid(`Migration '${name}' has no file ${name}.${way}.sql`, 'Write both ways.')
      }
      const [up, down] = await Promise.all(['up', 'down'].map(way => textOf(folder, `${name}.${way}.sql`)))
      return { number, name, up, down, checksum: createHash('sha256').update(up).digest('hex') }
    }),
  )
}

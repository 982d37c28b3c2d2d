// The hash of a scenario's code: of its module and of all that it imports by relative paths. Packages are left out, for
// their versions are the lock file's matter; and so is whatever is imported by a name that is computed.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { init, parse } from 'es-module-lexer'

/** 16 hexadecimal digits; '' for a scenario that is in no file. */
export async function codeHash(url: string): Promise<string> {
  if (!url.startsWith('file:')) return ''
  await init
  const texts = new Map<string, string>()
  const visit = async (file: string): Promise<void> => {
    if (texts.has(file)) return
    texts.set(file, '')
    const text = await readFile(new URL(file), 'utf8')
    texts.set(file, text)
    for (const { n: name } of importsIn(text)) if (name?.startsWith('.')) await visit(new URL(name, file).href)
  }
  await visit(new URL(url).href.replace(/[?#].*$/, ''))
  const hash = createHash('sha256')
  // By what they hold, not by where they lie: a checkout elsewhere is the same code.
  for (const text of [...texts.values()].sort()) hash.update(`${text.length}\n`).update(text)
  return hash.digest('hex').slice(0, 16)
}

/** Imports of a module; none of one that is no JavaScript as it stands. */
function importsIn(text: string): readonly { n: string | undefined }[] {
  try {
    return parse(text)[0]
  } catch (error) {
    if (error instanceof Error) return [] // types that Node strips: only this file is hashed then
    throw error
  }
}

// Runs the real command as a child process, from the root of the checkout.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What a command came to. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const MAIN = 'dist/lib/cli/main.js'

/** A fixture's path. */
export const fixture = (name: string) => `dist/test/fixtures/${name}.js`

/** Runs `populace …argv`; sends `signal` when `at` is printed to either stream. */
export async function populace(
  argv: readonly string[],
  o: { signal?: NodeJS.Signals; at?: string } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  const text = { stdout: '', stderr: '' }
  let sent = false
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
      if (o.signal === undefined || o.at === undefined || sent || !text[name].includes(o.at)) return
      sent = true
      child.kill(o.signal)
    })
  }
  const [code] = (await ended) as [number | null]
  return { code, ...text }
}

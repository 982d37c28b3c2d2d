// populace bench without a scenario: hands over to the benchmark suite of a checkout. The package does not hold it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { wrongUsage } from './arguments.js'

/** Runs the suite with these arguments; gives its exit code. USAGE when there is none. */
export async function benchSuite(
  argv: readonly string[],
  suite = new URL('../../bench/main.js', import.meta.url),
): Promise<number> {
  const path = fileURLToPath(suite)
  if (!existsSync(path))
    throw wrongUsage(
      'No scenario is named, and the benchmark suite is not installed',
      'Name a scenario, or run the suite in a checkout.',
    )
  const child = spawn(process.execPath, [path, ...argv], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

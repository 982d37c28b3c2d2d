// `npm run load`: runs the loads one after another, each in a process of its own, whose memory is measured. Flags: --smoke,
// --only NAME, --npcs N, --seconds N, --json FILE. Exit codes: 0 every account was exact, 1 one was not or a load failed,
// 2 wrong usage. Figures are told and never change the exit code.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { askProcess } from '../../bench/ask-process.js'
import { shownMachine, thisMachine } from '../../bench/report.js'
import { effortOf, type Load, type LoadOutcome } from './harness.js'
import { LOADS } from './loads.js'
import { asJson, describe, exitCodeOf, type Result } from './report.js'

const LOAD_PROCESS = new URL('./load-process.js', import.meta.url)
/** NPCs of any load. With fewer there is nothing to do for all who ask at once. */
const LEAST_NPCS = 100
const MOST_NPCS = 10_000_000

function usage(problem: string): never {
  console.error(problem)
  console.error('Usage: npm run load -- [--smoke] [--only NAME] [--npcs N] [--seconds N] [--json FILE]')
  console.error(`Loads: ${LOADS.map(load => load.name).join(', ')}`)
  process.exit(2)
}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        smoke: { type: 'boolean', default: false },
        only: { type: 'string' },
        npcs: { type: 'string' },
        seconds: { type: 'string' },
        json: { type: 'string' },
      },
    })
    return values
  } catch (error) {
    return usage((error as Error).message)
  }
}

/** A number within bounds; undefined where the flag is left out. */
function numberOf(flag: string, given: string | undefined, isRight: (n: number) => boolean): number | undefined {
  if (given === undefined) return undefined
  const n = given.trim() === '' ? Number.NaN : Number(given)
  return isRight(n) ? n : usage(`--${flag} ${given} is out of its bounds.`)
}

async function runApart(load: Load, o: { smoke: boolean; npcs?: number; seconds?: number }): Promise<Result> {
  const effort = effortOf(load, o)
  try {
    const args = [load.name, JSON.stringify(effort)]
    return { load, effort, outcome: await askProcess<LoadOutcome>(LOAD_PROCESS, args, `load ${load.name}`) }
  } catch (error) {
    return { load, effort, failed: (error as Error).message }
  }
}

async function main(): Promise<void> {
  const { smoke, only, json, ...given } = readFlags()
  const chosen = LOADS.filter(load => only === undefined || load.name === only)
  if (chosen.length === 0) usage(`There is no load '${only}'.`)
  const npcs = numberOf('npcs', given.npcs, n => Number.isInteger(n) && n >= LEAST_NPCS && n <= MOST_NPCS)
  const seconds = numberOf('seconds', given.seconds, n => n > 0 && n < Number.POSITIVE_INFINITY)
  const machine = thisMachine()
  console.log(shownMachine(machine, smoke))
  const results: Result[] = []
  for (const load of chosen) {
    const result = await runApart(load, { smoke, npcs, seconds })
    console.log(describe(result))
    results.push(result)
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(asJson(machine, results), undefined, 2)}\n`)
  process.exitCode = exitCodeOf(results)
}

await main()

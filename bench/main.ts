// `npm run bench`: runs the cases, each in a process of its own, so that none pays for what another left behind in the
// heap or in compiled code. Flags: --smoke, --only NAME, --rounds N, --json FILE. Exit codes: 0 the work was right,
// 1 wrong work or a case that failed, 2 wrong usage. Targets are told and never change the exit code.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { askProcess } from './ask-process.js'
import { CASES } from './cases.js'
import { type BenchCase, type Effort, type Outcome, spread, workIsRight } from './harness.js'
import { describe, shownMachine, thisMachine } from './report.js'

function usage(problem: string): never {
  console.error(`${problem}\nUsage: npm run bench -- [--smoke] [--only NAME] [--rounds N] [--json FILE]`)
  console.error(`Cases: ${CASES.map(c => c.name).join(', ')}`)
  process.exit(2)
}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        smoke: { type: 'boolean', default: false },
        only: { type: 'string' },
        rounds: { type: 'string' },
        json: { type: 'string' },
      },
    })
    return values
  } catch (error) {
    return usage((error as Error).message)
  }
}

const CASE_PROCESS = new URL('./case-process.js', import.meta.url)

function asJson(one: BenchCase, outcome: Outcome): object {
  const lines = outcome.lines.map(({ name, unit, samples }) => ({ name, unit, ...spread(samples), samples }))
  return { name: one.name, about: one.about, lines, targets: outcome.targets, work: outcome.work }
}

async function main(): Promise<void> {
  const { smoke, only, rounds, json } = readFlags()
  const chosen = CASES.filter(c => only === undefined || c.name === only)
  if (chosen.length === 0) usage(`There is no case '${only}'.`)
  const wanted = rounds === undefined ? undefined : Number(rounds)
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1)) usage(`--rounds ${rounds} is no count.`)
  const machine = thisMachine()
  console.log(shownMachine(machine, smoke))
  const results: object[] = []
  let right = true
  for (const one of chosen) {
    const effort: Effort = { smoke, rounds: wanted ?? (smoke ? 3 : one.rounds) }
    try {
      const outcome = await askProcess<Outcome>(CASE_PROCESS, [one.name, JSON.stringify(effort)], `case ${one.name}`)
      console.log(describe(one.name, one.about, outcome, smoke))
      right &&= workIsRight(outcome.work)
      results.push(asJson(one, outcome))
    } catch (error) {
      right = false
      console.error(`\n${one.name}: FAILED: ${(error as Error).message}`)
      results.push({ name: one.name, failed: (error as Error).message })
    }
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, smoke, cases: results }, undefined, 2)}\n`)
  process.exitCode = right ? 0 : 1
}

await main()

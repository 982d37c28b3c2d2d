// `npm run bench`: runs the cases, each in a process of its own, so that none pays for what another left behind in the
// heap or in compiled code. Flags: --smoke, --only NAME, --rounds N, --json FILE. Exit codes: 0 the work was right,
// 1 wrong work or a case that failed, 2 wrong usage. Targets are told and never change the exit code.
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CASES } from './cases.js'
import { type BenchCase, type Effort, type Outcome, spread, workIsRight } from './harness.js'
import { describe } from './report.js'

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

/** Runs one case in a child process. */
function runApart(name: string, effort: Effort): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL('./case-process.js', import.meta.url)), [name, JSON.stringify(effort)], {
    execArgv: ['--expose-gc'],
    serialization: 'advanced',
  })
  return new Promise((resolve, reject) => {
    let outcome: Outcome | undefined
    child.on('message', message => {
      outcome = message as Outcome // the only message that case-process.ts sends
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (outcome && code === 0) resolve(outcome)
      else reject(new Error(`case ${name} ended with ${signal ?? `code ${code}`}`))
    })
  })
}

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
  const machine = { node: process.version, arch: process.arch, cpu: cpus()[0]?.model.trim(), cores: cpus().length }
  console.log(`Node ${machine.node} ${machine.arch}, ${machine.cores} x ${machine.cpu}${smoke ? ', smoke' : ''}`)
  const results: object[] = []
  let right = true
  for (const one of chosen) {
    try {
      const outcome = await runApart(one.name, { smoke, rounds: wanted ?? (smoke ? 3 : one.rounds) })
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

// Ticks in which animals are born, die, contest and are sorted into cells leave nothing behind in memory: the resident
// bytes of a process of its own after some thousand ticks, and after all. A long run does 100,000 ticks, CI a sixth.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const worldProcess = fileURLToPath(new URL('../fixtures/wolf-sheep-memory.js', import.meta.url))
const TICKS = process.env.POPULACE_LONG === '1' ? 100_000 : 16_000
const BEFORE = 6000

/** What an allocator may keep beyond what is in use. Eight bytes lost for each birth would come to more in a long run. */
const SLACK = 8e6

interface Report {
  readonly start: number
  readonly end: number
  readonly ticks: number
  readonly births: readonly number[]
  readonly wolves: number
  readonly hash: string
}

const report = (workers: number): Report =>
  JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', worldProcess, String(TICKS), String(BEFORE), String(workers)], {
      encoding: 'utf8',
    }),
  )

t.test(`${TICKS} ticks of wolves and sheep keep the resident memory flat`, async t => {
  const reports = [0, 2].map(report)
  for (const { start, end, ticks, births, wolves } of reports) {
    t.equal(ticks, TICKS)
    t.ok(wolves > 0 && Math.min(...births) > TICKS, `${births} born, and ${wolves} wolves at the end`)
    t.ok(end - start < SLACK, `${end - start} bytes more than the ${start} after ${BEFORE} ticks`)
  }
  t.equal(reports[0].hash, reports[1].hash)
})

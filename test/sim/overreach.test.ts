// Errors that come when an engine has ended, in a loop over blocks or while all threads wait: the crew ends with them, on
// any number of workers, and they name the engine and the tick.
import { test } from 'tap'
import { type ErrorCode, PopulaceError, Simulation } from '../../lib/index.js'

const OVERREACH = new URL('../fixtures/overreach.js', import.meta.url)

async function failure(how: string, workers: number): Promise<unknown> {
  try {
    await using sim = await Simulation.create(OVERREACH, { workers, params: { how } })
    await sim.run({ ticks: 5 })
    return undefined
  } catch (error) {
    return error
  }
}

const WRONG: readonly (readonly [string, ErrorCode, RegExp])[] = [
  ['effects', 'EFFECT_OUT_OF_RANGE', /'person\.visits' of agent \d+ would become 300.*In engine 'live', tick 2\.$/],
  ['diaries', 'DOCUMENTS_FULL', /population 'person' exceed the 1048576 bytes.*In engine 'live', tick 2\.$/],
  ['letters', 'DOCUMENTS_FULL', /message 'letter' exceed the \d+ bytes.*In engine 'live', tick 2\.$/],
  ['effects of a factory', 'ENGINE_FAILED', /factory of engine 'live' threw.*'person\.visits' is sent an effect/],
]

for (const [how, code, named] of WRONG)
  test(`it ends the run with an error that names engine and tick: ${how}`, async t => {
    for (const workers of [0, 1, 3]) {
      const error = await failure(how, workers)
      t.ok(error instanceof PopulaceError, String(error))
      t.equal((error as PopulaceError).code, code)
      t.match((error as PopulaceError).message, named)
    }
  })

test('who does nothing too much goes on', async t => {
  for (const workers of [0, 3]) t.equal(await failure('nothing', workers), undefined)
})

// What kernels put out wrongly ends the run with a code and the engine, tick and agents named; nothing comes of it.
import t from 'tap'
import { type ErrorCode, PopulaceError, Simulation } from '../../lib/index.js'

const MISDEALS = new URL('../fixtures/misdeals.js', import.meta.url)

const WRONG: readonly [string, ErrorCode, RegExp][] = [
  ['a claim on nobody', 'CLAIM_INVALID', /'seat' is made on row -1 of 'person', where nobody lives/],
  ['a claim on a row where nobody lives', 'CLAIM_INVALID', /on row \d+ of 'person', where nobody lives/],
  ['a claim beyond all rows', 'CLAIM_INVALID', /on row 1000000 of 'person'/],
  ['a rank that is no integer', 'CLAIM_INVALID', /'seat' is made with rank 0.5/],
  ['a negative rank', 'CLAIM_INVALID', /with rank -1/],
  ['a rank of 2^32', 'CLAIM_INVALID', /with rank 4294967296/],
  ['a claim twice', 'CLAIM_TWICE', /Agent \d+ makes claim 'seat' twice/],
  ['a claim for another', 'OUTPUT_ROW', /claims by 'seat' for row \d+ while rows/],
  ['a death of another', 'OUTPUT_ROW', /despawns row \d+ while rows/],
  ['a death of nobody', 'OUTPUT_ROW', /despawns row -1/],
  ['a move of another', 'OUTPUT_ROW', /moves row \d+ while rows/],
  ['a move to no partition', 'PARTITION_UNKNOWN', /no partition 9/],
  ['a move to half a partition', 'PARTITION_UNKNOWN', /no partition 0.5/],
  ['a move to nowhere', 'PARTITION_UNKNOWN', /no partition undefined/],
  ['a birth for another', 'OUTPUT_ROW', /gives birth for row \d+/],
  ['a birth in no partition', 'PARTITION_UNKNOWN', /no partition -1/],
  ['a letter by another', 'OUTPUT_ROW', /sends 'note' for row \d+/],
  ['a letter to NaN', 'MESSAGE_INVALID', /'note' is sent to NaN/],
  ['a letter to a fraction', 'MESSAGE_INVALID', /sent to 1.5/],
  ['a letter to a negative id', 'MESSAGE_INVALID', /sent to -1/],
  ['a letter beyond all ids', 'MESSAGE_INVALID', /sent to 11529215046068\d+/],
  ['a letter to nothing', 'MESSAGE_INVALID', /sent to undefined/],
]

async function failure(wrong: string, checks: boolean): Promise<unknown> {
  const sim = await Simulation.create(MISDEALS, { workers: 0, checks, params: { wrong } })
  try {
    return await sim.run({ ticks: 1 }).catch(error => error)
  } finally {
    await sim.close()
  }
}

for (const [wrong, code, named] of WRONG) {
  t.test(`it ends the run: ${wrong}`, async t => {
    for (const checks of [false, true]) {
      const error = await failure(wrong, checks)
      t.ok(error instanceof PopulaceError, String(error))
      const { code: found, message } = error as PopulaceError
      t.equal(found, code)
      t.match(message, named)
      t.match(message, /engine 'deal', tick 0/)
      if (checks && code !== 'OUTPUT_ROW') t.match(message, /row \d+, agent 16/, 'with checks on the agent is named')
    }
  })
}

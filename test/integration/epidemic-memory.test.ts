// What a million people cost in resident memory: little more than the bytes of their columns, ids and slots.
// Each world has a process of its own; of the same scenario with 1,000 people the rest (cities, code) is the same.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const worldProcess = fileURLToPath(new URL('../fixtures/epidemic-memory.js', import.meta.url))
const residentOf = (people: number, workers: number) =>
  Number(execFileSync(process.execPath, [worldProcess, String(people), String(workers)], { encoding: 'utf8' }))

/** Bytes a person: home 4, away 4, state 1, id 8, slot 4. */
const BYTES = 4 + 4 + 1 + 8 + 4

for (const workers of [0, 2]) {
  t.test(`a million people take at most 1.3 times their bytes and 20 MB on ${workers} workers`, async t => {
    const more = residentOf(1_000_000, workers) - residentOf(1000, workers)
    t.ok(more > 0.9e6 * BYTES, `${more} bytes: all are there`)
    t.ok(more < 1.3e6 * BYTES + 20e6, `${more} bytes`)
  })
}

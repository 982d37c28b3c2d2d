// The process of one case: runs it and sends what it came to. Started by main.ts with the case's name and effort.
import { CASES } from './cases.js'
import type { Effort } from './harness.js'

const [name, effort] = process.argv.slice(2)
const one = CASES.find(c => c.name === name)
if (!one || !process.send) throw new Error('case-process.js is started by main.js')
const outcome = await one.run(JSON.parse(effort) as Effort)
process.send(outcome, () => process.disconnect())

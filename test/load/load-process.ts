// The process of one load: runs it and sends what it came to. Started by main.ts with the load's name and effort.
import type { Effort } from './harness.js'
import { LOADS } from './loads.js'

const [name, effort] = process.argv.slice(2)
const one = LOADS.find(load => load.name === name)
if (!one || !process.send) throw new Error('load-process.js is started by main.js')
const outcome = await one.run(JSON.parse(effort) as Effort)
process.send(outcome, () => process.disconnect())

// The list of benchmarks, in the order in which they run.
import { epidemicCase } from './cases/epidemic.js'
import { rowUpdate } from './cases/row-update.js'
import type { BenchCase } from './harness.js'

export const CASES: readonly BenchCase[] = [rowUpdate, epidemicCase]

#!/usr/bin/env node
// The populace command: a command line in, an exit code out. The process ends by itself, so a thread left behind would
// be seen.
import { dispatch } from './dispatch.js'
import { endWithReader, errorText, exitCodeOf } from './output.js'

endWithReader()
try {
  process.exitCode = await dispatch(process.argv.slice(2))
} catch (error) {
  process.stderr.write(errorText(error))
  process.exitCode = exitCodeOf(error)
}

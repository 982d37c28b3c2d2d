// Runs test files, each as a Node process of its own, some at a time and in the order given. Not tap's own runner: that
// hooks the loading of modules in each process, and so in each worker thread, which then takes three times as long to start.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** As many files as half of the cores, since their worlds have threads too; two where there are fewer than four. */
const JOBS = Math.max(2, Math.floor(availableParallelism() / 2))
/** Milliseconds from tap's signal that time is up, upon which it says what was still open, to the end by force. */
const LAST_WORDS_MS = 10_000

const running = new Set()
process.once('SIGTERM', () => {
  for (const child of running) child.kill()
  process.exit(143)
})

/**
 * Runs one file. Its `output` is its TAP; `code` is its exit code, or the signal that ended it.
 * @param flags Of Node. @param limitS Seconds it may take; 0: any.
 */
function runFile(file, { cwd, env, flags, limitS }) {
  const began = performance.now()
  const child = spawn(process.execPath, [...flags, file], {
    cwd,
    env: { ...env, TAP_TIMEOUT: String(limitS) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const timers = []
  const after = (ms, signal) => timers.push(setTimeout(() => child.kill(signal), ms))
  if (limitS > 0) {
    after(limitS * 1000, 'SIGALRM')
    after(limitS * 1000 + LAST_WORDS_MS, 'SIGKILL')
  }
  const chunks = []
  child.stdout.on('data', chunk => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      running.delete(child)
      for (const timer of timers) clearTimeout(timer)
      resolve({ file, output: Buffer.concat(chunks).toString(), code: code ?? signal, ms: performance.now() - began })
    })
  })
}

/** Calls `done` with what each file came to, as they end. */
export async function runFiles(files, options, done) {
  const waiting = [...files]
  const job = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) done(await runFile(file, options))
  }
  await Promise.all(Array.from({ length: JOBS }, job))
}

// Has a process of its own do something and say what came of it, in one message: its memory is its own, and it pays for
// nothing that another left behind in the heap or in compiled code.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What the process of a module sends. Rejects when it ends without, or badly. @param what - names it in the error. */
export function askProcess<T>(module: URL, args: readonly string[], what: string): Promise<T> {
  const child = fork(fileURLToPath(module), [...args], { execArgv: ['--expose-gc'], serialization: 'advanced' })
  return new Promise((resolve, reject) => {
    let answer: { readonly told: T } | undefined
    child.on('message', message => {
      answer = { told: message as T } // the only message that such a module sends
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (answer && code === 0) resolve(answer.told)
      else reject(new Error(`${what} ended with ${signal ?? `code ${code}`}`))
    })
  })
}

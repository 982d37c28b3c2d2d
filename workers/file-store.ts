// The thread of a folder's store: keeps its database and carries out one call after another, so that the main thread
// never waits for a disk. It ends when its port is closed.
import { parentPort, workerData } from 'node:worker_threads'
import { type Answer, type Call, errorAnswer, type KeeperData, memoryOf } from '../lib/state/file-calls.js'
import { FileKeeper } from '../lib/state/file-keeper.js'

const port = parentPort!
const { sign, ...options } = workerData as KeeperData
let keeper: FileKeeper | undefined

function answer({ number, name, args }: Call): Answer {
  try {
    if (name === 'close' && keeper === undefined) return { number, value: undefined } // it could not be opened
    keeper ??= new FileKeeper(options, sign)
    // The near side's types hold names and arguments together; this side only passes them on.
    const value: unknown = (keeper[name] as (...args: readonly unknown[]) => unknown)(...args)
    return { number, value }
  } catch (error) {
    return errorAnswer(number, error)
  }
}

port.on('message', (call: Call) => {
  const result = answer(call)
  port.postMessage(result, 'value' in result ? memoryOf([result.value]) : [])
  if (call.name === 'close') port.close()
})

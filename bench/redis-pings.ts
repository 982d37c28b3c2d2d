// A client of its own thread that asks a Redis server for a PONG every millisecond, from one message to the next; it
// answers with the milliseconds that each took. Started by cases/cache.ts, which is busy itself meanwhile.
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

const socket = connect(workerData as number, '127.0.0.1').setNoDelay(true)
let answered: () => void = () => undefined
socket.on('data', () => answered())

let going = false

async function ask(): Promise<number[]> {
  const took: number[] = []
  while (going) {
    const pong = new Promise<void>(resolve => {
      answered = resolve
    })
    const begun = performance.now()
    socket.write('PING\r\n')
    await pong
    took.push(performance.now() - begun)
    await setTimeout(1)
  }
  return took
}

let asking: Promise<number[]> | undefined
parentPort?.on('message', async (word: 'begin' | 'end') => {
  going = word === 'begin'
  if (going) asking = ask()
  else parentPort?.postMessage(await asking)
})

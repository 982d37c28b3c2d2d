// Where a Postgres server is: the check of a connection string, what of it may be shown, and plain sockets to it. A socket
// is ours and not the driver's, so that a connection can be cut for good whatever state the driver is in.
import { connect, type Socket } from 'node:net'
import { PopulaceError } from '../core/errors.js'
import type { CancelRequest } from './cancellation.js'

/** Where to connect to, as the driver read it from the connection string. */
export interface Endpoint {
  readonly host: readonly string[]
  readonly port: readonly number[]
  readonly path: string | false | undefined
}

/** Checks a connection string and gives it as it may be shown: without password and settings. OPTION_INVALID. */
export function shownAddress(connectionString: string): string {
  let url: URL | undefined
  if (/^postgres(ql)?:\/\//.test(connectionString) && URL.canParse(connectionString)) url = new URL(connectionString)
  if (url === undefined) {
    throw new PopulaceError(
      'OPTION_INVALID',
      "Option 'connectionString' of DatabasePool is no address of a Postgres server",
      'Write postgres://user:password@host:port/database, with what is special in a password percent-encoded.',
    )
  }
  const user = url.username === '' ? '' : `${url.username}@`
  return `postgres://${user}${url.host}${url.pathname}`
}

/** A socket that is connected, or that is still to be; `done` is called once. It never throws an error into the void. */
export function openSocket(at: Endpoint, done: (error?: Error) => void): Socket {
  const path = typeof at.path === 'string' ? at.path : undefined
  const socket = path === undefined ? connect({ host: at.host[0], port: at.port[0] }) : connect({ path })
  // Statements are small and an answer is waited for: not one may lie about for company.
  socket.setNoDelay(true)
  let waiting = true
  const settle = (error?: Error) => {
    if (!waiting) return
    waiting = false
    done(error)
  }
  socket.once('connect', () => settle())
  // The driver listens from 'connect' on, but there are moments when it does not; 'close' tells it in any case.
  socket.on('error', error => settle(error))
  socket.once('close', () =>
    settle(Object.assign(new Error('the connection was closed'), { code: 'CONNECTION_CLOSED' })),
  )
  return socket
}

const CANCEL_CODE = 80_877_102

/** Asks the server to end what a connection runs, through a connection made for that; resolves when the server closed it. */
export function sendCancel(at: Endpoint, backend: { pid: number; secret: number }): CancelRequest {
  const message = Buffer.alloc(16)
  message.writeInt32BE(16, 0)
  message.writeInt32BE(CANCEL_CODE, 4)
  message.writeUInt32BE(backend.pid, 8)
  message.writeUInt32BE(backend.secret >>> 0, 12)
  let socket: Socket
  const done = new Promise<void>(resolve => {
    socket = openSocket(at, error => {
      if (error === undefined) socket.end(message)
    })
    // A cancel that cannot be sent is no error of its own: the call's grace runs out, and its connection is cut.
    socket.resume().once('close', () => resolve())
  })
  return { done, stop: () => socket.destroy() }
}

// The program: opens a host, serves it, steps its world, and ends in order on SIGTERM or SIGINT. It prints a line of JSON when
// it has begun and when it has ended, with the world's tick and hash. When the world fails it says why and ends in order too,
// with exit code 1: whoever watches over it starts it anew, and it goes on from its store. Where the database, Redis and ports
// are comes from the environment, as docs/configuration.md says; all else from flags.
import { parseArgs } from 'node:util'
import { loadConfig, PopulaceError } from 'populace'
import { Host } from './host.js'
import { serverOf } from './server.js'

const { values: flags } = parseArgs({
  options: {
    store: { type: 'string', default: 'file:runs' },
    'checkpoint-every': { type: 'string', default: '10000' },
    npcs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '7' },
    workers: { type: 'string', default: 'auto' },
    'commands-per-second': { type: 'string', default: '200' },
    'max-tasks': { type: 'string', default: '100' },
    idle: { type: 'boolean', default: false }, // serves the world, and does not step it
  },
})
const tell = (what: object) => console.log(JSON.stringify(what))

const config = loadConfig()
const host = await Host.open({
  store: flags.store,
  everyTicks: Number(flags['checkpoint-every']),
  npcs: Number(flags.npcs),
  seed: Number(flags.seed),
  workers: flags.workers === 'auto' ? 'auto' : Number(flags.workers),
  commandsPerSecond: Number(flags['commands-per-second']),
  maxTasks: Number(flags['max-tasks']),
  config,
})
const { tick } = host.sim
const hash = await host.sim.hash()
const server = serverOf(host)
const url = await server.listen({ host: config.ports.host, port: config.ports.http ?? 3000 })

/** Milliseconds that those who are being answered have, when the host ends; then they are cut off. */
const GRACE_MS = 2000

let ending = false
/** What is being answered is answered first, while the world goes on: a command is journaled when its next tick begins. */
async function end(): Promise<void> {
  if (ending) return
  ending = true
  await closeServer()
  tell({ at: 'end', ...(await host.close()) })
}

async function closeServer(): Promise<void> {
  const late = setTimeout(() => server.server.closeAllConnections(), GRACE_MS)
  await server.close()
  clearTimeout(late)
}

/** The world has failed: who asks is told so, and there is no last checkpoint. */
async function fail(error: unknown): Promise<void> {
  process.exitCode = 1
  const { code } = error instanceof PopulaceError ? error : { code: undefined }
  tell({ at: 'failure', code, error: String(error) })
  if (ending) return // `close` rejects with the same
  ending = true
  await closeServer()
  await host.close().catch(() => undefined) // what it fails with was told
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end())

tell({ at: 'start', url, tick, hash })
if (!flags.idle) await host.step().catch(fail)

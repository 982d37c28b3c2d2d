// A crew's worker thread: one resident task that lends its service to the main thread until it is told to close.
// Between batches the thread is in its event loop; while it steps it is in Member.run.
import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { CrewService, type CrewTask } from '../lib/run/crew-service.js'

/** Lives until the port closes. */
export default async function crew({ port, ...task }: CrewTask & { port: MessagePort }): Promise<void> {
  const service = new CrewService(task)
  expose(service, nodeEndpoint(port))
  await once(port, 'close')
  service.close()
}

// An even load of HTTP on a host, by autocannon: so many requests a second of each route, however slow the answers are, as
// far as the connections that there are allow. autocannon sends what it may send in a second at the beginning of it, so
// each connection is a load of its own, and they begin one after another, spread over a second.
import { setTimeout as delay } from 'node:timers/promises'
import autocannon from 'autocannon'

/** Requests a second of one connection. */
const PER_CONNECTION = 5

/** What is asked, and how often. */
export interface Route {
  readonly name: string
  /** Connections: each asks five times a second. */
  readonly connections: number
  /** Of the n-th request of all that are sent to it in a second. */
  path(n: number): string
  /** What is posted, as JSON; nothing: it is a GET. */
  readonly body?: unknown
  /** Statuses of answers that are right. */
  readonly statuses: readonly number[]
}

/** An answer, and milliseconds that it took. */
export interface Answer {
  readonly route: Route
  readonly status: number
  readonly ms: number
}

/** What came of a load. */
export interface Load {
  readonly answers: readonly Answer[]
  /** Requests without an answer: broken connections and timeouts. */
  readonly errors: number
}

/** Asks all routes for so many seconds. */
export async function loadHost(url: string, routes: readonly Route[], seconds: number): Promise<Load> {
  const answers: Answer[] = []
  const connection = async (route: Route, i: number) => {
    await delay((i * 1000) / route.connections)
    return oneConnection(url, route, i, seconds, answers)
  }
  const errors = await Promise.all(
    routes.flatMap(route => Array.from({ length: route.connections }, (_, i) => connection(route, i))),
  )
  return { answers, errors: errors.reduce((sum, n) => sum + n, 0) }
}

/** Gives how many requests had no answer. */
function oneConnection(url: string, route: Route, i: number, seconds: number, answers: Answer[]): Promise<number> {
  const { body, path } = route
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } as const
  const requests = Array.from({ length: PER_CONNECTION }, (_, n) => ({
    path: path(i * PER_CONNECTION + n),
    ...(body === undefined ? { method: 'GET' as const } : post),
  }))
  const options = { url, requests, connections: 1, overallRate: PER_CONNECTION, duration: seconds, sampleInt: 100 }
  return new Promise((resolve, reject) => {
    const done = (error: unknown, result: autocannon.Result) => (error ? reject(error) : resolve(result.errors))
    autocannon(options, done).on('response', (_, status, __, ms) => answers.push({ route, status, ms }))
  })
}

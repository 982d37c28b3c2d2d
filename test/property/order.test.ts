// The order of engines over random graphs of dependencies, against the rule written down naively.
import fc from 'fast-check'
import { test } from 'tap'
import { PopulaceError } from '../../lib/core/errors.js'
import { type AnyEngine, defineMainEngine } from '../../lib/schedule/engine.js'
import { orderEngines } from '../../lib/schedule/order.js'

interface Node {
  readonly priority: number
  readonly after: readonly number[]
}

const NAMES = ['m', 'b', 'Z', 'q', 'a', 'ä', '10', '9', 'k', 'c']
const nodes = fc.array(
  fc.record({ priority: fc.integer({ min: -1, max: 1 }), after: fc.array(fc.nat(9), { maxLength: 3 }) }),
  { minLength: 1, maxLength: 10 },
)

const enginesOf = (list: readonly Node[], acyclic: boolean): AnyEngine[] =>
  list.map(({ priority, after }, i) => {
    const known = after.filter(j => j < list.length && (!acyclic || j < i))
    const dependencies = known.map(j => NAMES[j])
    return defineMainEngine({ name: NAMES[i], priority, dependencies, update: () => undefined })
  })

/** All engines that may come next, sorted; the first is placed. */
function naive(engines: readonly AnyEngine[]): string[] {
  const placed: string[] = []
  while (placed.length < engines.length) {
    const ready = engines.filter(e => !placed.includes(e.name) && e.dependencies.every(d => placed.includes(d)))
    if (ready.length === 0) return placed
    ready.sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1))
    placed.push(ready[0].name)
  }
  return placed
}

test('the order is topological, the lowest (priority, name) first, however engines are listed', async t => {
  fc.assert(
    fc.property(nodes, fc.boolean(), (list, reversed) => {
      const engines = enginesOf(list, true)
      const order = orderEngines(reversed ? [...engines].reverse() : engines).map(e => e.name)
      return order.length === engines.length && order.join() === naive(engines).join()
    }),
    { numRuns: 500, seed: 4 },
  )
  t.pass('on 500 graphs')
})

test('a graph with a circle is refused, and the circle printed is one', async t => {
  let circles = 0
  fc.assert(
    fc.property(nodes, list => {
      const engines = enginesOf(list, false)
      const complete = naive(engines).length === engines.length
      try {
        orderEngines(engines)
        return complete
      } catch (error) {
        if (!(error instanceof PopulaceError && error.code === 'CYCLE') || complete) return false
        circles++
        const ring = (/circle: (.*?)\. /.exec(error.message)?.[1] ?? '').split(' -> ')
        const dependsOn = (a: string, b: string) => engines.find(e => e.name === a)?.dependencies.includes(b) === true
        return ring.length > 1 && ring[0] === ring.at(-1) && ring.slice(1).every((name, i) => dependsOn(ring[i], name))
      }
    }),
    { numRuns: 500, seed: 5 },
  )
  t.ok(circles > 50, `${circles} circles`)
})

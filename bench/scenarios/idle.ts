// Ten engines that may put things out, and never do: each ends with a commit of nothing. What they declare is in the
// query of the module's URL, `?does=` one of KINDS. No two share a stage, for the order of their commits counts.
import { defineClaim, defineEngine, defineMessage, definePopulation, defineScenario, u32 } from '../../lib/index.js'

/** What the engines may do. */
export const KINDS = ['despawns', 'spawns', 'mail', 'claims'] as const

export const ROWS = 64

export const agent = definePopulation('agent', { capacity: 2 * ROWS, block: 16, columns: { age: u32() } })
const note = defineMessage('note', { to: agent, capacity: 1000, columns: { value: u32() } })
const seat = defineClaim('seat', { by: agent, on: agent })

const does = new URL(import.meta.url).searchParams.get('does') ?? KINDS[0]

/** What engine number k declares: of mail, every other one takes in what the others might send. */
function declared(k: number): object {
  if (does === 'despawns') return { despawns: true }
  if (does === 'spawns') return { spawns: { agent } }
  if (does === 'claims') return { claims: { seat } }
  return k % 2 === 0 ? { sends: { note } } : { receives: { note } }
}

export const engines = Array.from({ length: 10 }, (_, k) =>
  defineEngine({ name: `idle ${k}`, population: agent, priority: k, ...declared(k), kernel: () => () => {} }),
)

export default defineScenario({
  name: `idle ${does}`,
  populations: [agent],
  engines,
  setup(world) {
    world.population(agent).spawnMany(ROWS)
  },
})

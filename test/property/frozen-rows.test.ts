// Rows that are taken out and put back, against a model of plain objects: agents that live, die, sleep and move, in any
// order, keep their ids, values and documents, and nobody is in two places.
import fc from 'fast-check'
import { test } from 'tap'
import { doc, f64, u8, u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { type FrozenRows, putBack, takeOut } from '../../lib/state/frozen-rows.js'
import { BareWorld } from '../fixtures/bare-world.js'

const agent = definePopulation('agent', {
  capacity: 60,
  block: 16,
  columns: { x: f64(), pair: u32({ size: 2 }), today: u8({ reset: 'tick', default: 3 }), note: doc<{ n: number }>() },
})
const thing = definePopulation('thing', { capacity: 40, block: 16, columns: { kind: u8() } })

const PLACES = ['a', 'b', 'c'] as const
type Place = (typeof PLACES)[number]
const place = fc.constantFrom(...PLACES)
const act = fc.oneof(
  fc.record({ does: fc.constant('spawn' as const), place, n: fc.integer({ min: 1, max: 25 }) }),
  fc.record({ does: fc.constant('despawn' as const), nth: fc.nat(59) }),
  fc.record({ does: fc.constant('set' as const), nth: fc.nat(59), x: fc.integer() }),
  fc.record({ does: fc.constant('move' as const), nth: fc.nat(59), place }),
  fc.record({ does: fc.constant('freeze' as const), place, missed: fc.nat(9) }),
  fc.record({ does: fc.constant('thaw' as const), place }),
)

interface Agent {
  id: number
  x: number
  pair: readonly number[]
  note: { n: number } | undefined
}

const memoryOf = (bytes: number) => new SharedArrayBuffer(bytes)

test('rows that sleep come back as they were, whatever the others do meanwhile', async t => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), acts => {
      const bare = new BareWorld([agent, thing], { turns: ['slow'] })
      const world = bare.view()
      const [agents, things] = [world.population(agent), world.population(thing)]
      const { memory } = bare
      const own = memory.population('agent')
      for (const name of PLACES) world.partition(name)
      const awake = new Map<Place, Agent[]>(PLACES.map(p => [p, []]))
      const asleep = new Map<Place, { agents: Agent[]; rows: FrozenRows; missed: number }>()
      const nth = (n: number): [Place, Agent] | undefined => {
        const all = PLACES.flatMap(p => (asleep.has(p) ? [] : (awake.get(p) ?? []).map(a => [p, a] as [Place, Agent])))
        return all[n]
      }
      const everybody = () => [...awake.values(), ...[...asleep.values()].map(s => s.agents)].flat()
      for (const one of acts) {
        if (one.does === 'spawn') {
          if (asleep.has(one.place) || everybody().length + one.n > 60) continue
          const ids = agents.spawnMany(one.n, {
            partition: one.place,
            fill({ x, pair, note }, given) {
              for (let i = 0; i < one.n; i++) {
                x[i] = given[i] / 3
                pair[i * 2 + 1] = i
                if (i % 2 === 0) note.set(i, { n: given[i] })
              }
            },
          })
          if (things.size < 40) things.spawn({ kind: one.n }, one.place)
          for (const [i, id] of ids.entries())
            awake.get(one.place)?.push({ id, x: id / 3, pair: [0, i], note: i % 2 === 0 ? { n: id } : undefined })
        } else if (one.does === 'freeze') {
          if (asleep.has(one.place)) continue
          const rows = takeOut(memory, memory.partitions.number(one.place), memoryOf)
          memory.partitions.states.freeze(memory.partitions.number(one.place), 0)
          asleep.set(one.place, { agents: awake.get(one.place) ?? [], rows, missed: one.missed })
          awake.set(one.place, [])
        } else if (one.does === 'thaw') {
          const slept = asleep.get(one.place)
          if (!slept) continue
          const turns = new Map(slept.agents.map(a => [a.id, 1 + slept.missed])) // born in tick 0, so its stamp is 1
          putBack(memory, memory.partitions.number(one.place), slept.rows, slept.missed)
          memory.partitions.states.thaw(memory.partitions.number(one.place))
          awake.set(one.place, slept.agents)
          asleep.delete(one.place)
          for (const { id } of slept.agents) {
            const stamp = own.lastTurns[0][own.rowOf(id)]
            if (stamp < (turns.get(id) ?? 0)) throw new Error(`the turn of ${id} is ${stamp}`)
          }
        } else {
          const found = nth(one.nth)
          if (!found) continue
          const [home, who] = found
          const list = awake.get(home) ?? []
          if (one.does === 'set') {
            agents.set(who.id, { x: one.x })
            who.x = one.x
          } else if (one.does === 'despawn') {
            agents.despawn(who.id)
            list.splice(list.indexOf(who), 1)
          } else if (!asleep.has(one.place) && one.place !== home) {
            own.move(own.rowOf(who.id), memory.partitions.number(one.place))
            list.splice(list.indexOf(who), 1)
            awake.get(one.place)?.push(who)
          }
        }
        const all = everybody()
        if (agents.size !== all.length) throw new Error(`${agents.size} agents, not ${all.length}`)
      }
      for (const name of [...asleep.keys()]) {
        const slept = asleep.get(name)
        for (const { id } of slept?.agents ?? []) {
          if (own.rowOf(id) !== -1) throw new Error(`${id} sleeps and has a row`)
          if (own.slots.sleepsIn(id) !== memory.partitions.number(name)) throw new Error(`${id} sleeps elsewhere`)
          if (own.slots.sleepsIn(id + 2 ** 32) !== -1) throw new Error(`a later agent than ${id} sleeps`)
        }
      }
      for (const [name, list] of awake) {
        for (const { id, x, pair, note } of list) {
          const row = own.rowOf(id)
          const found = agents.get(id)
          const at = memory.partitions.names()[own.partition[row]]
          const same =
            found?.x === x &&
            String(found.pair) === String(pair) &&
            found.note?.n === note?.n &&
            found.today === 3 &&
            at === name
          if (!same) throw new Error(`${id} is ${JSON.stringify(found)} in ${at}`)
        }
      }
      const rows = [...agents.rows()].map(a => a.id).sort((a, b) => a - b)
      const expected = [...awake.values()].flat().map(a => a.id)
      if (String(rows) !== String(expected.sort((a, b) => a - b))) throw new Error(`rows ${rows}, not ${expected}`)
    }),
    { numRuns: 300 },
  )
  t.pass('300 histories')
})

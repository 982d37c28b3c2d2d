// Documents against a Map: whatever is set, taken away, born, killed, undone and collected, each agent has what the
// model says, and the bytes in use stay within what the limit allows.
import fc from 'fast-check'
import { test } from 'tap'
import { doc, i32 } from '../../lib/memory/columns.js'
import { documentWriter } from '../../lib/memory/documents.js'
import { definePopulation } from '../../lib/memory/population.js'
import { WorldMemory } from '../../lib/memory/world.js'
import { hashBlocks } from '../../lib/run/hasher.js'
import { joinHashes } from '../../lib/state/content-hash.js'
import { BareWorld } from '../fixtures/bare-world.js'

type Note = (number | string)[]
const LIMIT = 2500
const THREADS = 2
const agent = definePopulation('agent', {
  capacity: 12,
  block: 16,
  documentBytes: LIMIT,
  columns: { n: i32(), note: doc<Note>(), text: doc<string>() },
})

type Content = { note: Note | undefined; text: string | undefined }
type Model = Map<number, Content>

const COLUMNS = ['note', 'text'] as const
const at = fc.nat(1000)
const value = fc.record({ column: fc.constantFrom(...COLUMNS), length: fc.nat(80), gone: fc.boolean() })
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('set' as const), at, value }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('kernel' as const), at, value }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('update' as const), at, value }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('spawn' as const), at, value }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('despawn' as const), at, value }) },
)
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never
const round = fc.record({
  acts: fc.array(act, { minLength: 10, maxLength: 25 }),
  command: fc.constantFrom('no', 'stands', 'undone'),
})

class Played {
  readonly bare = new BareWorld([agent], { threads: THREADS })
  readonly table = this.bare.view().population(agent)
  readonly population = this.bare.memory.population('agent')
  #made = 0

  /** A value that no other has, as long as is wished. */
  value(column: string, length: number): unknown {
    this.#made++
    return column === 'text' ? `${this.#made}`.padEnd(length, '.') : [this.#made, 'x'.repeat(length)]
  }

  /** Sets the document of an agent's row as a kernel on a thread does. */
  byKernel(thread: number, id: number, column: string, given: unknown): void {
    const population = new WorldMemory(this.bare.buffer, this.bare.memory.layout, [], thread).population('agent')
    const words = population.columns.get(column)?.array as Uint32Array
    const rows = population.documents?.rows(column, words)
    if (rows) documentWriter(rows).set(this.population.rowOf(id), given)
  }

  act({ does, at, value: { column, length, gone } }: Act, model: Model): void {
    const ids = [...model.keys()]
    const given = gone ? undefined : this.value(column, length)
    if (does === 'spawn') {
      if (model.size === 12) return
      const id = this.table.spawn({ [column]: given }, at % 2 ? 'a' : 'b')
      model.set(id, { note: undefined, text: undefined, [column]: given })
      return
    }
    if (ids.length === 0) return
    const id = ids[at % ids.length]
    if (does === 'despawn') {
      this.table.despawn(id)
      model.delete(id)
      return
    }
    if (does === 'set') this.table.set(id, { [column]: given })
    else if (does === 'kernel') this.byKernel(at % THREADS, id, column, given)
    else
      this.table.update((columns, own) => {
        for (let i = 0; i < own.length; i++) if (own[i] === id) columns[column as 'text'].set(i, given as string)
      })
    model.set(id, { ...(model.get(id) as Content), [column]: given })
  }

  /** What is there: by get, by whole columns. */
  content(): Model {
    const found: Model = new Map()
    for (const { id, note, text } of this.table.rows()) found.set(id, { note, text } as Content)
    return found
  }

  hash(): string {
    this.bare.memory.refresh()
    return joinHashes([hashBlocks(this.bare.memory, {}, 0, 1)], 0).hash
  }
}

const byId = (model: Model) => [...model].sort(([a], [b]) => a - b)

test('documents are what a map of them says, after any history', async t => {
  let collections = 0
  let undone = 0
  fc.assert(
    fc.property(fc.array(round, { minLength: 10, maxLength: 25 }), rounds => {
      const played = new Played()
      const heap = played.population.documents?.heap
      if (!heap) throw new Error('there is a heap')
      const first = played.table.spawnMany(8)
      let model: Model = new Map(Array.from(first, id => [id, { note: undefined, text: undefined }]))
      for (const { acts, command } of rounds) {
        const ahead: Model = new Map(model)
        const log = command === 'no' ? undefined : played.bare.memory.begin()
        const before = played.hash()
        let used = heap.used
        const note = () => {
          if (heap.used < used) collections++
          used = heap.used
        }
        // Kernels do not run while a command can be undone.
        for (const act of acts) {
          if (!log || act.does !== 'kernel') played.act(act, ahead)
          note()
        }
        if (command === 'undone') {
          log?.restore()
          played.bare.memory.commit()
          t.equal(played.hash(), before)
          undone++
        } else {
          model = ahead
          if (log) played.bare.memory.commit()
          else played.population.documents?.settle()
        }
        note()
        t.strictSame(byId(played.content()), byId(model))
        if (heap.used > LIMIT) t.fail(`${heap.used} bytes`)
        if (heap.pagesTaken > THREADS + 1) t.fail(`${heap.pagesTaken} pages`)
      }
      const column = played.table.column('note')
      t.strictSame(
        [...played.table.rows()].map(r => r.note),
        Array.from({ length: model.size }, (_, i) => column.get(i)),
      )
    }),
    { numRuns: 100 },
  )
  t.ok(collections > 10, `${collections} collections`)
  t.ok(undone > 10, `${undone} undone`)
})

import fc from 'fast-check'
import { test } from 'tap'
import { PriorityHeap } from '../../lib/services/priority-heap.js'

interface Entry {
  readonly priority: number
  readonly order: number
  place: number
}

const sorted = (entries: Entry[]) => [...entries].sort((a, b) => a.priority - b.priority || a.order - b.order)

test('entries come out by priority, and by order where it is equal', async t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 })), priorities => {
      const heap = new PriorityHeap<Entry>()
      const entries = priorities.map((priority, order) => ({ priority, order, place: -1 }))
      for (const entry of entries) heap.push(entry)
      const out: (Entry | undefined)[] = entries.map(() => heap.pop())
      return heap.pop() === undefined && sorted(entries).every((entry, i) => entry === out[i])
    }),
  )
  t.pass()
})

test('whatever is taken out of the middle, the rest comes out in order and knows its place', async t => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean())), all => {
      const heap = new PriorityHeap<Entry>()
      const entries = all.map(([priority, gone], order) => ({ priority, order, gone, place: -1 }))
      for (const entry of entries) heap.push(entry)
      for (const entry of entries) if (entry.gone) heap.delete(entry)
      const left = entries.filter(entry => !entry.gone)
      const placesAreRight =
        entries.every(entry => entry.gone === (entry.place === -1)) &&
        new Set(left.map(entry => entry.place)).size === left.length
      const size = heap.size
      return placesAreRight && size === left.length && sorted(left).every(entry => heap.pop() === entry)
    }),
  )
  t.pass()
})

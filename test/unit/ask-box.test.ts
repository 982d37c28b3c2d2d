// A box of asks by hand: who is admitted, refused and told, and what the main thread may say of them.
import t from 'tap'
import { REFUSED_ASKS } from '../../lib/core/limits.js'
import { definePopulation, u32 } from '../../lib/index.js'
import { ASK_STATUS } from '../../lib/memory/ask.js'
import { documentBytes } from '../../lib/memory/documents.js'
import { layOut } from '../../lib/memory/place.js'
import { WorldMemory } from '../../lib/memory/world.js'
import { needsOf } from '../fixtures/bare-world.js'

const person = definePopulation('person', { capacity: 10, columns: { age: u32() } })

function makeBox(pending: number) {
  const asks = [{ name: 'doubt', pending, population: 'person', shares: 1 }]
  const layout = layOut({ ...needsOf([person]), asks })
  const memory = new WorldMemory(new SharedArrayBuffer(layout.bytes), layout)
  const box = memory.asks.get('doubt')
  if (!box) throw new Error('there is no box')
  const ask = (asker: number, question: unknown, tick = 0) => {
    const bytes = documentBytes(question, 'a question') as Uint8Array
    box.add(asker, box.heap.store(bytes, 0, bytes.length), bytes.length, asker * 10, tick, 2)
  }
  const open = (from?: number) => [...box.open(from)].map(({ text, ...open }) => open)
  return { memory, box, ask, open }
}

t.test('an ask is open until it is answered, and known by its number', async t => {
  const { memory, box, ask, open } = makeBox(3)
  t.notOk(memory.hasAsked)
  ask(7, 'why?', 4)
  ask(8, { how: 1 }, 5)
  t.ok(memory.hasAsked)
  t.strictSame(open(), [
    { number: 0, agent: 7, tick: 4, engine: 2, question: 'why?' },
    { number: 1, agent: 8, tick: 5, engine: 2, question: { how: 1 } },
  ])
  t.strictSame(
    open(1).map(o => o.number),
    [1],
  )
  box.told()
  t.notOk(memory.hasAsked)
  t.equal(box.next, 2)
  t.ok(box.answer(1, ASK_STATUS.ok, documentBytes('so', 'an answer')))
  t.notOk(box.answer(1, ASK_STATUS.ok, undefined), 'once')
  t.notOk(box.answer(9, ASK_STATUS.ok, undefined), 'and no other')
  t.strictSame(
    open().map(o => o.number),
    [0],
  )
  t.match(box.counts, { asked: 2, open: 1, ok: 1, waiting: 1 })
  t.ok(box.answer(0, ASK_STATUS.late, undefined))
  t.match(box.counts, { open: 0, late: 1, waiting: 2 })
})

t.test(
  'one more than may be pending is refused and told; beyond those that may wait it is refused and untold',
  async t => {
    const { box, ask, open } = makeBox(2)
    for (let i = 0; i < REFUSED_ASKS + 10; i++) ask(i + 1, i)
    box.refuse(5)
    t.match(box.counts, { asked: REFUSED_ASKS + 15, open: 2, refused: REFUSED_ASKS + 13, untold: 13 })
    t.equal(box.counts.waiting, REFUSED_ASKS)
    t.equal(box.answer(0, ASK_STATUS.failed, undefined), true)
    ask(1, 'no room')
    t.match(box.counts, { untold: 14 }, 'answered and not heard: it takes room too')
    box.mailbox.numbers.fill(0)
    ask(1, 'again')
    t.equal(open().length, 1)
  },
)

t.test('an answer has room as long as what waits leaves some', async t => {
  const { box, ask } = makeBox(1)
  ask(1, 'x')
  t.ok(box.hasRoomFor(60_000))
  t.notOk(box.hasRoomFor(box.heap.layout.limit + 1))
  t.match(box.counts, { open: 1 })
})

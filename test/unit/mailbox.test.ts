// A mailbox in memory without a simulation around it: what the main thread sends into it.
import { test } from 'tap'
import { mailNeeds } from '../../lib/exchange/needs.js'
import { defineMessage, definePopulation, doc, u8 } from '../../lib/index.js'
import type { Mailbox } from '../../lib/memory/mailbox.js'
import { layOut } from '../../lib/memory/place.js'
import { messageData } from '../../lib/memory/record.js'
import { World, WorldMemory } from '../../lib/memory/world.js'
import { needsOf } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

const person = definePopulation('person', { capacity: 4, columns: { n: u8() } })
/** Its documents may have 1 MiB together, the least there is. */
const letter = defineMessage('letter', { to: person, capacity: 100, columns: { text: doc<string>() } })
const LONG = 'x'.repeat(60_000)

function post() {
  const layout = layOut({ ...needsOf([person]), mail: mailNeeds([messageData(letter, 'a test')], 1) })
  const memory = new WorldMemory(new SharedArrayBuffer(layout.bytes), layout)
  memory.open()
  const mailbox = memory.mail.get('letter') as Mailbox // one is planned for every message
  const world = new World(memory, { mode: 'edit', tick: 0 })
  const send = (times: number) => {
    for (let i = 0; i < times; i++) world.send(letter, 1, { text: LONG })
  }
  /** All that wait are taken in by the one engine that receives them. */
  const deliver = () => {
    mailbox.seen.fill(1, 0, mailbox.waiting)
    mailbox.retire(1)
  }
  return { memory, mailbox, send, deliver }
}

test('a command has room for letters where those before it were taken in', async t => {
  const { memory, mailbox, send, deliver } = post()
  for (let n = 0; n < 10; n++) {
    memory.begin()
    send(15)
    t.equal(mailbox.waiting, 15)
    memory.commit()
    deliver()
  }
  t.equal(mailbox.waiting, 0)
})

test('a command has room for as many bytes as may wait, and what it sent beyond is undone with the rest', async t => {
  const { memory, mailbox, send, deliver } = post()
  send(10)
  deliver()
  send(10)
  const before = mailbox.counts
  const undo = memory.begin()
  refused(t, 'DOCUMENTS_FULL', /message 'letter' exceed the 1048576 bytes/, () => send(8))
  t.equal(mailbox.waiting, 17, 'seven found room beside the ten that wait')
  undo.restore()
  memory.commit()
  t.strictSame(mailbox.counts, before)
  send(7)
  refused(t, 'DOCUMENTS_FULL', /message 'letter'/, () => send(1))
  t.equal(mailbox.waiting, 17)
})

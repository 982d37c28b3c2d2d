// The control block's rules that a single thread can show.
import t from 'tap'
import { Control } from '../../lib/run/control.js'

const batch = { tick: 4, position: 0, target: 100, stopPosition: -1, measureEvery: 0, measureOnly: false }

t.test('a sample that is asked for survives the stops inside its tick', async t => {
  const control = new Control()
  control.requestSample()
  control.prepare(batch)
  t.ok(control.measureNow, 'this tick is measured')
  control.prepare({ ...batch, position: 2 }) // a main engine ran: the same tick goes on
  t.ok(control.measureNow, 'and still is')
  control.prepare({ ...batch, tick: 5 })
  t.notOk(control.measureNow, 'the next one is not')
})

t.test('a tick is measured when it is the last, or a multiple of what is asked for', async t => {
  const control = new Control()
  const measured = (more: object) => {
    control.prepare({ ...batch, ...more })
    return control.measureNow
  }
  t.notOk(measured({}))
  t.ok(measured({ tick: 99 }))
  t.ok(measured({ measureEvery: 5 }), 'five ticks are done after tick 4')
  t.notOk(measured({ measureEvery: 4 }))
})

t.test('a stop is asked for once and ends one batch', async t => {
  const control = new Control()
  control.prepare(batch)
  control.requestStop()
  control.endTick(5, false, false)
  t.notOk(control.goesOn)
  control.endTick(6, false, false)
  t.ok(control.goesOn)
})

t.test('a batch is told of when it is done, after 2^31 of them too', async t => {
  const { shared } = new Control()
  new Int32Array(shared, 0, 1)[0] = 2 ** 31 - 1 // the word that counts batches
  const control = new Control(shared)
  control.prepare(batch)
  const number = control.launch()
  t.equal(await control.waitForGo(number - 1), number, 'members know it by the number that main waits for')
  control.leave(1, number, undefined)
  t.equal(Atomics.load(control.words, 16), number) // the word that waitForDone looks at: it would wait for ever
  await control.waitForDone(number)
})

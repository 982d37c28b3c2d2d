// The terminal is taken, drawn on and given back.
import { EventEmitter } from 'node:events'
import t from 'tap'
import { Screen } from '../../lib/cli/watch/screen.js'

class FakeTerminal extends EventEmitter {
  columns = 40
  rows = 10
  writableNeedDrain = false
  text = ''

  write(text: string): boolean {
    this.text += text
    return true
  }

  /** What was written since the last time. */
  take(): string {
    const { text } = this
    this.text = ''
    return text
  }
}

const ESC = '\u001b['

t.test('only lines that changed are written', async t => {
  const terminal = new FakeTerminal()
  const screen = new Screen(terminal, new EventEmitter())
  t.equal(terminal.take(), `${ESC}?1049h${ESC}?25l`, 'the second screen, without a cursor')
  screen.draw(['one', 'two'])
  t.match(terminal.take(), `${ESC}2J${ESC}1;1Hone${ESC}K${ESC}2;1Htwo${ESC}K`)
  screen.draw(['one', 'zwei', 'three'])
  t.equal(terminal.take(), `${ESC}?2026h${ESC}2;1Hzwei${ESC}K${ESC}3;1Hthree${ESC}K${ESC}?2026l`)
  screen.draw(['one'])
  t.match(terminal.take(), `${ESC}2;1H${ESC}K${ESC}3;1H${ESC}K`, 'what is gone is wiped')
  screen.draw(['one'])
  t.equal(terminal.take(), '')
})

t.test('after a resize all is drawn anew, in the new size', async t => {
  const terminal = new FakeTerminal()
  const screen = new Screen(terminal, new EventEmitter())
  screen.draw(['one'])
  terminal.take()
  terminal.columns = 20
  terminal.emit('resize')
  t.same(screen.size, { width: 20, height: 10 })
  screen.draw(['one'])
  t.match(terminal.take(), `${ESC}2J${ESC}1;1Hone`)
})

t.test('a terminal that is behind is given no frame', async t => {
  const terminal = new FakeTerminal()
  const screen = new Screen(terminal, new EventEmitter())
  t.ok(screen.ready)
  terminal.writableNeedDrain = true
  t.notOk(screen.ready)
})

t.test('the terminal is given back once, by close or by the end of the process', async t => {
  const CLOSE = `${ESC}0m${ESC}?25h${ESC}?1049l`
  for (const end of ['close', 'exit'] as const) {
    const terminal = new FakeTerminal()
    const process = new EventEmitter()
    const screen = new Screen(terminal, process)
    screen.draw(['one'])
    terminal.take()
    if (end === 'close') screen.close()
    else process.emit('exit')
    t.equal(terminal.take(), CLOSE, end)
    screen.close()
    process.emit('exit')
    screen.draw(['late'])
    t.equal(terminal.take(), '')
    t.equal(terminal.listenerCount('resize') + process.listenerCount('exit'), 0)
  }
})

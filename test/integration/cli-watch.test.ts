// --watch through the real command where there is no terminal: the last picture, and what is refused; and on a made-up
// terminal beside a run that goes on.
import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { Screen } from '../../lib/cli/watch/screen.js'
import { chooseView } from '../../lib/cli/watch/views.js'
import { Watch } from '../../lib/cli/watch/watch.js'
import { Simulation } from '../../lib/index.js'
import { fixture, populace } from './cli-process.js'

const MEADOW = fixture('meadow')

t.test('without a terminal the last picture stands above the table, in plain characters', async t => {
  const { code, stdout, stderr } = await populace(['run', MEADOW, '--ticks', '3', '--workers', '2', '--watch'])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.same(stdout.split('\n').slice(0, 8), [
    'meadow  all  tick 3',
    '@@@@..s.',
    '@@@@...s',
    '@w@@....',
    '@@@@....',
    '. not grown 32  @ grown 32  s sheep 2  w wolf 1',
    'sheep 2  grown 32',
    '',
  ])
  t.match(stdout, 'agents: grass')
})

t.test('a view is named behind an equals sign; the scenario may come after the flag', async t => {
  const { stdout } = await populace(['run', '--watch=wolf.mood', MEADOW, '--ticks', '1', '--workers', '0'])
  t.match(stdout, /^meadow {2}wolf\.mood {2}tick 1\n\n\n h\n/)
  t.match((await populace(['run', '--watch', MEADOW, '--ticks', '1', '--workers', '0'])).stdout, 'meadow  all  tick 1')
})

t.test('each built-in example can be watched', async t => {
  for (const [example, view, ...set] of [
    ['life', 'cell.alive', '--set', 'width=40', '--set', 'height=20'],
    ['epidemic', 'person.state', '--set', 'people=20000'],
    ['random-walk', 'walker', '--set', 'walkers=1000'],
  ]) {
    const { code, stdout } = await populace(['run', example, '--ticks', '5', '--workers', '1', '--watch', ...set])
    t.equal(code, 0)
    const lines = stdout.split('\n')
    t.equal(lines[0], `${example}  ${view}  tick 5`)
    t.ok(lines.slice(0, 24).every(line => line.length <= 80))
    t.notOk(stdout.includes('\u001b'), 'no colours')
  }
})

t.test('it changes nothing of the run', async t => {
  const argv = ['run', MEADOW, '--ticks', '300', '--workers', '2']
  const hash = ({ stdout }: { stdout: string }) => /hash +│ ([0-9a-f]{16})/.exec(stdout)?.[1]
  const plain = hash(await populace(argv))
  t.match(plain, /./)
  t.equal(hash(await populace([...argv, '--watch'])), plain)
})

t.test('what cannot be shown is refused before the run', async t => {
  for (const [flags, message] of [
    [['--watch=grass.wate'], /USAGE: 'meadow' has no view 'grass\.wate'.*'grass\.wait'/],
    [['--watch', '--json'], /USAGE: --watch has no effect with --json/],
    [['--watch', '--quiet'], /USAGE: --watch has no effect with --quiet/],
    [['--watch', '--watch'], /USAGE: --watch stands twice/],
  ] as const) {
    const { code, stdout, stderr } = await populace(['run', MEADOW, '--workers', '0', ...flags])
    t.equal(code, 2)
    t.match(stderr, message)
    t.equal(stdout, '')
  }
})

/** A terminal that tells when a frame was drawn. */
class FakeTerminal extends EventEmitter {
  columns = 60
  rows = 12
  text = ''

  write(text: string): boolean {
    this.text += text
    if (text.includes('\u001b[?2026l')) this.emit('frame', text)
    return true
  }
}

async function watched(workers: number) {
  const url = new URL('../fixtures/meadow.js', import.meta.url)
  const sim = await Simulation.create(url, { workers })
  const { plan, memory } = sim.internals.world
  const view = chooseView(plan.scenario, 'grass.wait')
  const lattices = new Map([['grass', { width: 8, height: 8 }]])
  return { sim, watch: new Watch(sim, memory, { name: 'meadow', view, lattices, ticks: 1e9 }) }
}

t.test('a run that goes on is drawn again and again, with its progress, until it is told to stop', async t => {
  for (const workers of [0, 2]) {
    const { sim, watch } = await watched(workers)
    const terminal = new FakeTerminal()
    const screen = new Screen(terminal, new EventEmitter())
    const abort = new AbortController()
    const running = sim.run({ ticks: 1e9, signal: abort.signal }).catch(error => error)
    watch.start(screen, 24)
    const [first] = await once(terminal, 'frame')
    t.match(first, /meadow {2}grass\.wait {2}tick \d+/)
    t.match(first, 'grown 32')
    watch.update({ done: 5, total: 10, seconds: 1, agentUpdates: 1 })
    t.match((await once(terminal, 'frame'))[0], 'meadow  50%')
    watch.tell('ending after this tick')
    t.match((await once(terminal, 'frame'))[0], 'ending after this tick')
    terminal.columns = 30
    terminal.rows = 4
    terminal.emit('resize')
    const [small] = await once(terminal, 'frame')
    t.match(small, '\u001b[2J')
    t.notMatch(small, '\u001b[5;1H', 'no line below the last of a small terminal')
    abort.abort()
    t.match(await running, { code: 'ABORTED' })
    screen.close()
    await watch.stop()
    t.ok(terminal.text.endsWith('\u001b[?25h\u001b[?1049l'), 'nothing is drawn after it')
    t.match(watch.picture({ width: 40, height: 9, depth: 1 }), `tick ${sim.tick}`)
    await sim.close()
  }
})

t.test('a simulation that is closed beneath it ends it quietly', async t => {
  const { sim, watch } = await watched(1)
  const terminal = new FakeTerminal()
  watch.start(new Screen(terminal, new EventEmitter()), 8)
  await once(terminal, 'frame')
  await sim.close()
  await watch.stop()
  t.pass('no rejection is left')
})

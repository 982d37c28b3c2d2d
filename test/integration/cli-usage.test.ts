import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dispatch } from '../../lib/cli/dispatch.js'
import { errorText, exitCodeOf } from '../../lib/cli/output.js'
import { COMMANDS, type CommandName, commandHelp, flagText, type Usage } from '../../lib/cli/usage.js'
import { fixture, populace } from './cli-process.js'

const EPIDEMIC = fixture('small-epidemic')

t.test('docs/cli.md says what the commands take, and nothing else', async t => {
  const page = readFileSync('docs/cli.md', 'utf8')
  const sections = page.split(/^## populace /m).slice(1)
  t.strictSame(
    sections.map(section => section.slice(0, section.indexOf('\n'))),
    Object.keys(COMMANDS),
  )
  for (const [name, usage] of Object.entries(COMMANDS)) {
    const section = sections.find(s => s.startsWith(`${name}\n`)) ?? ''
    const flags = [...section.matchAll(/^\| `(--[^`]*)` \| (.*) \|$/gm)].map(([, flag]) => flag.replaceAll('\\|', '|'))
    const own: Usage['flags'] = usage.flags
    t.strictSame(
      flags,
      Object.entries(own).map(([flag, usage]) => flagText(flag, usage)),
      name,
    )
  }
})

t.test('help lists commands and flags, and of a scenario its parameters', async t => {
  const general = await populace(['--help'])
  t.equal(general.code, 0)
  for (const name of Object.keys(COMMANDS)) t.match(general.stdout, name)
  for (const [name, usage] of Object.entries(COMMANDS)) {
    const stdout = commandHelp(name as CommandName, '') // it is a key of COMMANDS
    for (const flag of Object.keys(usage.flags)) t.match(stdout, `--${flag}`, `${name} --${flag}`)
  }
  const { stdout } = await populace(['run', EPIDEMIC, '--help'])
  t.match(stdout, /people=1000 +number from 10 to 1000000; people of all towns/)
  t.match(stdout, /mode=calm +one of "calm", "wild"; how people behave/)
  t.match(stdout, /curfew=false +boolean/)
})

t.test('--version is that of the package', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.equal((await populace(['--version'])).stdout, `${version}\n`)
})

t.test('wrong usage exits 2 and says what would be right', async t => {
  const nothing = await populace([])
  t.equal(nothing.code, 2)
  t.match(nothing.stderr, 'populace <command> <scenario>')
  const wrong = await populace(['run', EPIDEMIC, '--tikcs', '3', '--json'])
  t.strictSame([wrong.code, wrong.stdout], [2, ''])
  t.match(wrong.stderr, "populace: USAGE: There is no flag '--tikcs'. Check the spelling; did you mean '--ticks'?")
})

t.test('each wrong argument is named with what would be right', async t => {
  for (const [argv, text] of [
    [['rnu'], "USAGE: There is no command 'rnu'. Check the spelling; did you mean 'run'"],
    [['run'], 'USAGE: No scenario is named'],
    [['run', EPIDEMIC, 'more'], "USAGE: 'more' is one argument too many"],
    [
      ['run', EPIDEMIC, '--tikcs', '3'],
      "USAGE: There is no flag '--tikcs'. Check the spelling; did you mean '--ticks'",
    ],
    [['run', EPIDEMIC, '-t'], "USAGE: There is no flag '-t'"],
    [['run', EPIDEMIC, '--ticks'], 'USAGE: --ticks has no value'],
    [['run', EPIDEMIC, '--csv', '--json'], 'USAGE: --csv has no value'],
    [['run', EPIDEMIC, '--json=1'], 'USAGE: --json takes no value'],
    [['run', EPIDEMIC, '--ticks', '1.5'], "USAGE: --ticks is '1.5'"],
    [['run', EPIDEMIC, '--seed', '-1'], "USAGE: --seed is '-1'"],
    [['run', EPIDEMIC, '--seed', '1', '--seed', '2'], 'USAGE: --seed stands twice'],
    [['run', EPIDEMIC, '--workers', '1000'], "USAGE: --workers is '1000'"],
    [['run', EPIDEMIC, '--workers', '0', '--timeout', '5'], 'USAGE: --timeout has no effect'],
    [['run', EPIDEMIC, '--set', 'beta'], "USAGE: --set is 'beta'"],
    [['run', EPIDEMIC, '--set', 'beta=1', '--set', 'beta=2'], "USAGE: Parameter 'beta' is set twice"],
    [
      ['run', EPIDEMIC, '--set', 'beat=1'],
      "PARAM_UNKNOWN: The scenario has no parameter 'beat'. Check the spelling; did you mean 'beta'",
    ],
    [['run', EPIDEMIC, '--set', 'beta=11'], "PARAM_INVALID: Parameter 'beta' = 11 is above 10"],
    [['run', EPIDEMIC, '--set', 'beta=NaN'], 'PARAM_INVALID'],
    [['run', EPIDEMIC, '--set', 'beta='], 'PARAM_INVALID'],
    [['run', EPIDEMIC, '--set', 'curfew=maybe'], 'Give true or false'],
    [['verify', EPIDEMIC, '--workers', '0,x'], "USAGE: --workers is '0,x'"],
    [['inspect', EPIDEMIC, '--dot', '--json'], 'USAGE: --dot and --json exclude each other'],
  ] as const) {
    const error: unknown = await dispatch(argv).catch(e => e)
    t.equal(exitCodeOf(error), 2, argv.join(' '))
    t.ok(errorText(error).includes(text), errorText(error))
  }
})

t.test('a scenario that cannot be loaded exits 1 and names the nearest', async t => {
  const folder = t.testdir({ 'throws.mjs': "throw new Error('not today')\n", 'nothing.mjs': 'export const a = 1\n' })
  for (const [scenario, text] of [
    ['epidemik-of-nowhere', "There is no built-in example 'epidemik-of-nowhere'"],
    [fixture('smal-epidemic'), "Did you mean 'small-epidemic.js' there?"],
    ['dist/test/', 'is a folder'],
    [join(folder, 'throws.mjs'), 'not today'],
    [join(folder, 'nothing.mjs'), 'exports no scenario by default'],
  ]) {
    const error: unknown = await dispatch(['run', scenario]).catch(e => e)
    t.equal(exitCodeOf(error), 1)
    const shown = errorText(error)
    t.ok(shown.startsWith('populace: SCENARIO_NOT_LOADABLE: ') && shown.includes(text), shown)
  }
})

// Takes a command line apart and hands it to one command, whose code is loaded only then.
import { hint } from '../core/suggest.js'
import { loadScenario } from '../run/load.js'
import { Arguments, wrongUsage } from './arguments.js'
import { packageVersion } from './package-info.js'
import { exampleNames, scenarioUrl } from './scenario-source.js'
import { paramHelp } from './settings.js'
import { isStoreAddress } from './stored.js'
import { COMMANDS, type CommandName, commandHelp, generalHelp } from './usage.js'

const LOAD: Readonly<
  Record<CommandName, () => Promise<(given: Arguments, argv: readonly string[]) => Promise<number>>>
> = {
  run: async () => (await import('./run.js')).run,
  verify: async () => (await import('./verify.js')).verify,
  replay: async () => (await import('./replay.js')).replay,
  inspect: async () => (await import('./inspect.js')).inspect,
  compare: async () => (await import('./compare.js')).compare,
  prune: async () => (await import('./prune.js')).prune,
  migrate: async () => (await import('./migrate.js')).migrate,
  bench: async () => (await import('./bench.js')).bench,
}

async function scenarioHelp(name: string | undefined): Promise<string> {
  if (name === undefined || isStoreAddress(name))
    return '\nWith a scenario before --help, its parameters are listed too.\n'
  return paramHelp(name, (await loadScenario(scenarioUrl(name).href)).params)
}

/** Runs a command line; gives its exit code. What goes wrong is thrown. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const text = generalHelp(exampleNames())
    ;(name === undefined ? process.stderr : process.stdout).write(text)
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${packageVersion()}\n`)
    return 0
  }
  if (!Object.hasOwn(COMMANDS, name))
    throw wrongUsage(`There is no command '${name}'`, `Check the spelling; ${hint(name, Object.keys(COMMANDS))}`)
  const command = name as CommandName // it is a key of COMMANDS
  if (command === 'bench' && !rest.some(arg => !arg.startsWith('-')) && !rest.includes('--help')) {
    const { benchSuite } = await import('./bench-suite.js')
    return benchSuite(rest)
  }
  const given = new Arguments(rest, COMMANDS[command])
  if (given.has('help')) {
    process.stdout.write(commandHelp(command, await scenarioHelp(given.positionals[0])))
    return 0
  }
  const run = await LOAD[command]()
  return run(given, rest)
}

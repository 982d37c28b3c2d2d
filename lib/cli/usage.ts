// The commands and flags as data: what is parsed, what --help prints and what docs/cli.md must say come from here.
// No parsing and no behaviour.
import { CHECKPOINT_TICKS } from '../core/limits.js'

/** A flag. `value`: the name of what it takes; none: it takes nothing. */
export interface Flag {
  readonly value?: string
  /** Its value may be left out; one is written behind an equals sign. */
  readonly optional?: true
  readonly about: string
  readonly many?: true
}

/** A command. */
export interface Usage {
  readonly synopsis: string
  readonly about: string
  readonly flags: Readonly<Record<string, Flag>>
}

/** Ticks of `populace run` when none are asked for. */
export const RUN_TICKS = 100
/** Ticks of `populace verify`: hashing every column after every tick takes long. */
export const VERIFY_TICKS = 20
/** Numbers of workers that `populace verify` compares. */
export const VERIFY_WORKERS = '0,1,2,3'
/** Rounds of `populace bench`: enough for a median and a spread. */
export const BENCH_ROUNDS = 5

const help: Flag = { about: 'show this help; after a scenario, its parameters too' }
const set: Flag = { value: 'name=value', about: 'a parameter of the scenario; may stand several times', many: true }
const seed: Flag = { value: 'n', about: 'seed of all random numbers, default 0' }
const json: Flag = { about: 'one JSON object on standard output, and nothing else there' }
const run: Flag = { value: 'name', about: "the run's name; may be left out where the store has only one" }
const quiet: Flag = { about: 'no progress, no table, no chart' }

/** Every command by name. */
export const COMMANDS = {
  run: {
    synopsis: 'populace run <scenario> [flags]',
    about: 'runs a scenario and sums it up',
    flags: {
      ticks: { value: 'n', about: `ticks to do, default ${RUN_TICKS}` },
      seed,
      workers: {
        value: 'n|auto',
        about: 'threads that step the world, default auto: all cores; 0 steps on the main one',
      },
      set,
      checks: { about: 'run each block twice and refuse what would make results differ (slow)' },
      csv: { value: 'file', about: 'write the measures of every tick to a file' },
      timeout: { value: 'ms', about: 'milliseconds that a tick may last (with at least one worker)' },
      watch: { value: 'view', optional: true, about: 'a live view of the world, chosen by itself or named' },
      store: { value: 'address', about: 'keep the run in file:FOLDER or postgres://…, so that it can be gone on with' },
      run: { value: 'name', about: "the run's name in the store, default the scenario's" },
      resume: { about: 'go on with the run where it is in the store already; --ticks counts from its beginning' },
      'checkpoint-every': { value: 'n', about: `ticks from checkpoint to checkpoint, default ${CHECKPOINT_TICKS}` },
      metrics: {
        value: '[host:]port',
        about: 'serve /metrics, /healthz and /readyz, on 127.0.0.1 where no host is named',
      },
      json,
      quiet,
      help,
    },
  },
  verify: {
    synopsis: 'populace verify <scenario> [flags]',
    about: 'proves that a scenario gives the same bits on any number of workers, or names the first difference',
    flags: {
      ticks: { value: 'n', about: `ticks to compare, default ${VERIFY_TICKS}` },
      seed,
      workers: { value: 'list', about: `numbers of workers to compare, default ${VERIFY_WORKERS}` },
      set,
      json,
      quiet,
      help,
    },
  },
  replay: {
    synopsis: 'populace replay <store> [flags]',
    about: 'steps a stored run again from its record alone, and says where it departs from it',
    flags: {
      store: { value: 'address', about: 'the store, where a scenario is named in its place' },
      run,
      from: { value: 'tick', about: 'begin at the newest checkpoint at this tick or before, default the oldest' },
      workers: { value: 'n|auto', about: 'threads that step the world, default auto: all cores; 0: the main one' },
      checks: { about: 'run each block twice and refuse what would make results differ (slow)' },
      json,
      quiet,
      help,
    },
  },
  inspect: {
    synopsis: 'populace inspect <scenario or store> [flags]',
    about: "shows a scenario's schedule with its stages, columns and memory; or a store's runs and checkpoints",
    flags: {
      run: { value: 'name', about: 'of a store: this run, with its checkpoints, populations and partitions' },
      set,
      workers: { value: 'n|auto', about: 'threads to reserve memory for, default auto: all cores' },
      mermaid: { about: 'the schedule as a Mermaid graph' },
      dot: { about: 'the schedule as a Graphviz graph' },
      json,
      help,
    },
  },
  compare: {
    synopsis: 'populace compare <store> <run> <run> [flags]',
    about: 'compares two stored runs checkpoint by checkpoint, and says when and in what they differ first',
    flags: { with: { value: 'address', about: 'the store of the second run, default the first one' }, json, help },
  },
  prune: {
    synopsis: 'populace prune <store> [flags]',
    about: 'takes checkpoints of a run away; what is kept can still be gone on from',
    flags: {
      run,
      'keep-last': { value: 'n', about: 'keep the newest n' },
      'keep-every': { value: 'ticks', about: 'of the older ones, keep one each so many ticks' },
      delete: { about: 'delete the whole run' },
      json,
      help,
    },
  },
  migrate: {
    synopsis: 'populace migrate <store> [flags]',
    about: 'brings the tables of a Postgres store up to date, as opening it does, or takes them back',
    flags: {
      down: { value: 'n', about: 'take back the newest n migrations; what they made is lost' },
      status: { about: 'change nothing, and say what is applied' },
      json,
      help,
    },
  },
  bench: {
    synopsis: 'populace bench [scenario] [flags]',
    about: 'measures a scenario inline and on workers; without one, in a checkout, runs the benchmark suite',
    flags: {
      ticks: { value: 'n', about: 'ticks a round, default as many as take about a second' },
      rounds: { value: 'n', about: `rounds, default ${BENCH_ROUNDS}` },
      seed,
      workers: { value: 'list', about: 'numbers of workers to measure, default 0,1,2,4… up to the cores' },
      set,
      json,
      quiet,
      help,
    },
  },
} as const satisfies Record<string, Usage>

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS

/** Two columns of text, the second aligned. */
export function twoColumns(rows: readonly (readonly [string, string])[], indent = '  '): string {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `${indent}${left.padEnd(width)}  ${right}`.trimEnd()).join('\n')
}

/** A flag as it is written: `--ticks <n>`, `--watch[=<view>]`. */
export function flagText(name: string, { value, optional }: Flag): string {
  if (value === undefined) return `--${name}`
  return optional ? `--${name}[=<${value}>]` : `--${name} <${value}>`
}

function flagRows(flags: Readonly<Record<string, Flag>>): [string, string][] {
  return Object.entries(flags).map(([name, flag]) => [flagText(name, flag), flag.about])
}

/** What `populace <command> --help` prints. `more` is about the scenario that was named. */
export function commandHelp(name: CommandName, more: string): string {
  const usage: Usage = COMMANDS[name]
  return `${usage.synopsis}\n\n${usage.about}\n\nFlags:\n${twoColumns(flagRows(usage.flags))}\n${more}`
}

/** What `populace --help` prints. */
export function generalHelp(examples: readonly string[]): string {
  const commands = Object.entries(COMMANDS).map(([name, usage]) => [name, usage.about] as const)
  const known = examples.length === 0 ? 'none' : examples.join(', ')
  return [
    'populace <command> <scenario> [flags]',
    '',
    'Commands:',
    twoColumns(commands),
    '',
    'A scenario is the path of a module that exports one by default, or the name of a built-in example:',
    `  ${known}`,
    '',
    'Flags:',
    twoColumns([
      ['--help', 'show this help; after a command, its flags'],
      ['--version', 'show the version'],
    ]),
    '',
    'Exit codes: 0 done, 1 the run failed or verify found something, 2 wrong usage, 130 or 143 interrupted.',
    '',
  ].join('\n')
}

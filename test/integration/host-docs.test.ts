// docs/host.md held against the program: its commands are run in their order, by a shell with curl, and come to what the page
// says. Where the world steps numbers differ from one time to the next, and only have to be numbers.
import { execFile } from 'node:child_process'
import { readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { ExampleHost } from '../fixtures/example-host.js'
import { commandsOf, masked, type PageCommand } from '../fixtures/page-commands.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const page = await readFile(join(ROOT, 'docs/host.md'), 'utf8')
const run = promisify(execFile)

/** The commands of one section. */
function section(title: string): PageCommand[] {
  const found = page.split(/^## /m).find(part => part.startsWith(`${title}\n`))
  return commandsOf(found ?? '')
}

/** A user's folder, with the package in it. */
async function userFolder(t: Test): Promise<string> {
  const folder = t.testdir({ node_modules: {} })
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  return folder
}

/** Starts the program as a command of the page does, on a port that is free. */
async function start(t: Test, cwd: string, command: string, env: NodeJS.ProcessEnv = {}): Promise<ExampleHost> {
  const line = command.split('\n').at(-1) ?? ''
  const [, program, flags] = line.match(/\bnode (\S+)(.*)$/) as RegExpMatchArray
  const host = await ExampleHost.start(flags.trim().split(/ +/).filter(Boolean), env, {
    program: join(cwd, program),
    cwd,
  })
  t.teardown(() => host.kill())
  return host
}

/** What a command of the page comes to with this host. */
async function outcome(host: ExampleHost, command: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', command.replaceAll('localhost:3000', new URL(host.url).host)])
  return stdout.trim()
}

const startLine = ({ url, began }: ExampleHost) =>
  JSON.stringify({ at: 'start', url: url.replace(/\d+$/, '3000'), ...began })

test('a world that stands still answers what the page says, and goes on from there when it steps', async t => {
  const cwd = await userFolder(t)
  const [begin] = commandsOf(page)
  const idle = await start(t, cwd, begin.command)
  t.equal(startLine(idle), begin.answer)
  const asked = [...section('The world'), ...section('For those who watch')]
  t.equal(asked.length, 11)
  for (const { command, answer } of asked) t.equal(await outcome(idle, command), answer, command)
  await idle.end()

  const [again, look, events] = section('At full speed')
  const stepping = await start(t, cwd, again.command)
  t.equal(startLine(stepping), again.answer)
  while (((await stepping.ask('/healthz')).body as { tick: number }).tick < 2);
  t.match(JSON.parse(await outcome(stepping, look.command)), { id: 5, houses: Number })
  t.equal(masked(look.answer ?? ''), masked(await outcome(stepping, look.command)))
  t.equal(masked(await outcome(stepping, events.command)), masked(events.answer ?? ''))

  const [end, third] = section('Stop and start')
  const left = await stepping.end()
  t.equal(masked(JSON.stringify({ at: 'end', ...left })), masked(end.answer ?? ''))
  const last = await start(t, cwd, third.command)
  t.equal(masked(startLine(last)), masked(third.answer ?? ''))
  t.strictSame(last.began, left)
  await last.end()
  const shown = [end, third].map(({ answer }) => JSON.parse(answer ?? ''))
  t.equal(shown[0].hash + shown[0].tick, shown[1].hash + shown[1].tick, 'the page says so, too')
})

test('commands beyond the rate are refused as the page says', async t => {
  const [begin, many] = section('When it is too much')
  const host = await start(t, await userFolder(t), begin.command)
  t.equal(await outcome(host, many.command), many.answer)
})

test('with a database the world lies there, and purchases are shown', async t => {
  const server = await sharedServer()
  t.teardown(closeSharedServer)
  const [begin, give, look] = section('With a database')
  t.match(begin.command, /^POPULACE_DATABASE_URL=\$DATABASE_URL node /)
  const env = { POPULACE_DATABASE_URL: await server.database() }
  const host = await start(t, await userFolder(t), begin.command, env)
  t.equal(masked(await outcome(host, give.command)), masked(give.answer ?? ''))
  let shown = '[]'
  while (shown === '[]') shown = await outcome(host, look.command)
  t.equal(masked(shown), masked(look.answer ?? ''))
  await host.end()
})

test('flags and files are those of the program', async t => {
  const folder = join(ROOT, 'examples/fastify')
  const flags = [
    ...(await readFile(join(folder, 'main.ts'), 'utf8')).matchAll(
      /^ {4}'?([a-z-]+)'?: \{ type: '(?:string|boolean)'/gm,
    ),
  ]
  const [table] = page.split('## The world')
  const shown = [...table.matchAll(/^\| (`--[^|]*) \|/gm)].flatMap(([, names]) => names.match(/--[a-z-]+/g) ?? [])
  t.strictSame(shown.sort(), flags.map(([, name]) => `--${name}`).sort())
  const files = [...page.split('## To build on')[1].matchAll(/`([a-z-]+\.ts)`/g)].map(([, name]) => name)
  t.strictSame([...new Set(files)].sort(), (await readdir(folder)).sort())
})

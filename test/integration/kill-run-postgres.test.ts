// kill -9 of `populace run` at random instants, with a run kept in Postgres: in migrations, in setup, in ticks, in
// checkpoints. And the server's death in the middle of a run: it ends with a clear error, and goes on afterwards.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { testKills } from '../fixtures/kill-campaign.js'
import { privateServer, type TestServer } from '../fixtures/postgres-server.js'
import { populace } from './cli-process.js'

const server = await privateServer()
t.teardown(() => server.close())
t.jobs = 2 // a run that waits for its database for as long as it does costs nobody else any time

const death = 'a server that dies in the middle of a run ends it with a clear error, and the run goes on later'
t.test(death, { buffered: true }, async t => {
  const server = await privateServer()
  t.teardown(() => server.close())
  const url = await server.database()
  const flags = ['run', 'town', '--set', 'people=1500', '--ticks', '3000', '--seed', '3', '--json']
  const plain = JSON.parse((await populace([...flags, '--workers', '0'])).stdout) as { hash: string }
  const kept = [...flags, '--workers', '1', '--store', url, '--checkpoint-every', '20', '--resume']
  const child = spawn(process.execPath, ['dist/lib/cli/main.js', ...kept], { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  const ended = once(child, 'close')
  while ((await checkpoints(server, url)) < 5); // it is in the middle of its ticks
  await server.kill()
  const [code] = (await ended) as [number]
  t.equal(code, 1)
  t.match(told, /populace: (STORE|DATABASE)_[A-Z_]+: .*\S/)
  await server.start()
  const end = await populace(kept)
  t.equal(end.code, 0, end.stderr)
  const summary = JSON.parse(end.stdout) as { hash: string; from: number }
  t.equal(summary.hash, plain.hash)
  t.ok(summary.from > 0)
})

testKills(t, 'towns', 20261125, () => server.database())
testKills(t, 'regions', 20261127, () => server.database())

t.test('populace migrate goes up and down, and says where it is', async t => {
  const url = await server.database()
  const json = async (...flags: string[]) =>
    JSON.parse((await populace(['migrate', url, ...flags, '--json'])).stdout) as object
  const before = (await json('--status')) as {
    takenBack: string[]
    migrations: { name: string; applied: string | null }[]
  }
  const names = before.migrations.map(m => m.name)
  t.ok(names.length > 0)
  t.ok(before.migrations.every(m => m.applied === null))
  t.match(await json(), { applied: names })
  t.match(await json(), { applied: [] }, 'twice is once')
  t.match(await json('--down', '1'), { takenBack: [names[names.length - 1]] })
  const table = await populace(['migrate', url])
  t.match(table.stdout, `applied ${names[names.length - 1]}`)
  for (const [argv, text] of [
    [['migrate'], /takes a Postgres store/],
    [['migrate', 'file:x'], /takes a Postgres store/],
    [['migrate', url, '--down', '1', '--status'], /exclude each other/],
  ] as const) {
    const ended = await populace(argv)
    t.equal(ended.code, 2)
    t.match(ended.stderr, text)
  }
})

async function checkpoints(server: TestServer, url: string): Promise<number> {
  try {
    return Number((await server.admin('select count(*) as n from populace.checkpoints', url))[0].n)
  } catch (error) {
    if ((error as { code?: string }).code === '42P01' || (error as { code?: string }).code === '3F000') return 0 // no table yet
    throw error
  }
}

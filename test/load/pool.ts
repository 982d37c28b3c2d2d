// The database pool with a row for each of many NPCs, on a Postgres server of its own: COPY, a batch, then more sessions at
// once than there are connections, which move coins from one NPC to another or give up in the middle. At the end the
// database itself is asked whether every row is what the calls that succeeded make it.
import { grouped } from '../../lib/cli/numbers.js'
import { makeSequence } from '../../lib/core/sequence.js'
import { DatabasePool, PopulaceError } from '../../lib/index.js'
import { Latencies } from '../../lib/services/latencies.js'
import { privateServer, type TestServer } from '../fixtures/postgres-server.js'
import { Account, type Effort, type Load, type LoadOutcome, OwnWatch, type Row, Stopwatch } from './harness.js'

const SIZE = { poolSize: 4, maxOverflow: 4, maxWaiting: 200 }
const CONNECTIONS = SIZE.poolSize + SIZE.maxOverflow
/** Sessions that are wanted at once: those that write, and those that read. */
const WRITERS = 48
const READERS = 16
/** Calls more than may wait. */
const TOO_MANY = 50
/** Of the transfers each so many-th is given up, when its rows are changed already. */
const GIVEN_UP_EVERY = 10
/** A batch is one transaction, of so many statements at most. */
const MOST_BATCHED = 100_000

const TABLES = [
  'create table npc (id int8 primary key, name text not null, coins int8 not null, moves int8 not null default 0)',
  'create table transfer (giver int8 not null, taker int8 not null, coins int8 not null)',
]
/** Coins that an NPC begins with, here and in the database. */
const coinsOf = (id: number) => 1000 + ((id * 48_271) % 1009)
const COINS = '(1000 + (id * 48271) % 1009)'

/** NPCs who do not have what they began with, plus what they took, less what they gave. */
const WRONG = `select count(*) as n from npc
  left join (select taker as id, sum(coins) as coins from transfer group by taker) took using (id)
  left join (select giver as id, sum(coins) as coins from transfer group by giver) gave using (id)
  where npc.coins <> ${COINS} + coalesce(took.coins, 0) - coalesce(gave.coins, 0)`

function* everybody(npcs: number): Generator<[number, string, number]> {
  for (let id = 1; id <= npcs; id++) yield [id, `NPC ${id}`, coinsOf(id)]
}

function* moves(count: number): Generator<[number, number]> {
  for (let id = 1; id <= count; id++) yield [id, id % 5]
}

const givenUp = new Error('a transfer that is given up')

/** What sessions did, and how long it took from the call to the end, the wait for a connection included. */
class Done {
  readonly transfers = new Latencies()
  readonly reads = new Latencies()
  committed = 0
  rolledBack = 0
  wrong = 0
}

/** One who moves coins, transfer by transfer, until it is told to stop. */
async function write(pool: DatabasePool, writer: number, npcs: number, done: Done, over: () => boolean): Promise<void> {
  const random = makeSequence(Int32Array.of(writer, 11))
  for (let n = 0; !over(); n++) {
    const [giver, taker, coins] = [1 + random.int(npcs), 1 + random.int(npcs), 1 + random.int(9)]
    const begun = performance.now()
    const moved = pool.transaction(async transaction => {
      // Who is lower is locked first, so that no two transfers wait for each other.
      await transaction.query('select id from npc where id in ($1, $2) order by id for update', [giver, taker])
      await transaction.execute('update npc set coins = coins - $2 where id = $1', [giver, coins])
      await transaction.execute('update npc set coins = coins + $2 where id = $1', [taker, coins])
      await transaction.execute('insert into transfer values ($1, $2, $3)', [giver, taker, coins])
      if (n % GIVEN_UP_EVERY === 0) throw givenUp
    })
    await moved.then(
      () => done.committed++,
      error => {
        if (error !== givenUp) throw error
        done.rolledBack++
      },
    )
    done.transfers.add(performance.now() - begun)
  }
}

/** One who takes a session for itself again and again, and looks at somebody. */
async function read(pool: DatabasePool, reader: number, npcs: number, done: Done, over: () => boolean): Promise<void> {
  const random = makeSequence(Int32Array.of(reader, 13))
  while (!over()) {
    const id = 1 + random.int(npcs)
    const begun = performance.now()
    const session = await pool.getSession()
    try {
      const [found] = await session.query<{ name: string }>('select name from npc where id = $1', [id])
      if (found.name !== `NPC ${id}`) done.wrong++
    } finally {
      session.release()
    }
    done.reads.add(performance.now() - begun)
  }
}

/** The most connections of the pool that the server sees meanwhile. */
async function mostConnections(server: TestServer, over: () => boolean): Promise<number> {
  let most = 0
  while (!over()) {
    const [{ n }] = await server.admin(
      "select count(*)::int as n from pg_stat_activity where application_name = 'load'",
    )
    most = Math.max(most, Number(n))
  }
  return most
}

/** Takes all connections, then lets as many wait as may and some more: how many are refused, and how many served. */
async function crowd(pool: DatabasePool): Promise<{ refused: number; served: number }> {
  const held = []
  for (let i = 0; i < CONNECTIONS; i++) held.push(await pool.getSession())
  let refused = 0
  let served = 0
  const ask = async () => {
    try {
      const session = await pool.getSession()
      served++
      session.release()
    } catch (error) {
      if (!(error instanceof PopulaceError) || error.code !== 'DATABASE_BUSY') throw error
      refused++
    }
  }
  const asked = Array.from({ length: SIZE.maxWaiting + TOO_MANY }, ask)
  for (const session of held) session.release()
  await Promise.all(asked)
  return { refused, served }
}

async function numberOf(pool: DatabasePool, statement: string): Promise<number> {
  const [{ n }] = await pool.query<{ n: number | string }>(statement)
  return Number(n)
}

/** What the database has at the end, held to what was told to succeed. */
async function accountOf(part: string, pool: DatabasePool, npcs: number, batched: number, done: Done) {
  const account = new Account(part)
  account.add('rows', await numberOf(pool, 'select count(*) as n from npc'), npcs)
  const names = `select count(*) as n from npc where name <> 'NPC ' || id`
  account.add('rows with another name', await numberOf(pool, names), 0)
  const moved = `select count(*) as n from npc where moves <> case when id <= ${batched} then id % 5 else 0 end`
  account.add('rows that the batch left otherwise', await numberOf(pool, moved), 0)
  const sum = await numberOf(pool, `select sum(coins - ${COINS}) as n from npc`)
  account.add('coins that came from nowhere or are lost', sum, 0)
  account.add('NPCs whose coins are not what transfers make them', await numberOf(pool, WRONG), 0)
  account.add('transfers', await numberOf(pool, 'select count(*) as n from transfer'), done.committed)
  account.add('rows that were read wrong', done.wrong, 0)
  return account
}

async function rowsOf(server: TestServer, npcs: number, seconds: number): Promise<LoadOutcome> {
  const part = `${grouped(npcs)} NPCs`
  const connectionString = await server.database()
  const limits = { acquireTimeoutMs: 600_000, statementTimeoutMs: 600_000, applicationName: 'load' }
  const pool = new DatabasePool({ connectionString, ...SIZE, ...limits })
  await pool.initialize()
  try {
    for (const table of TABLES) await pool.execute(table)
    const own = new OwnWatch()
    const copying = new Stopwatch()
    const copied = await pool.copyInto('npc', ['id', 'name', 'coins'], everybody(npcs))
    const copySeconds = copying.seconds
    const batched = Math.min(npcs, MOST_BATCHED)
    const batching = new Stopwatch()
    const changed = await pool.executeBatch('update npc set moves = moves + $2 where id = $1', moves(batched))
    const batchSeconds = batching.seconds

    const done = new Done()
    const watch = new Stopwatch()
    const over = () => watch.seconds >= seconds
    const writers = Array.from({ length: WRITERS }, (_, i) => write(pool, i, npcs, done, over))
    const readers = Array.from({ length: READERS }, (_, i) => read(pool, i, npcs, done, over))
    const [most] = await Promise.all([mostConnections(server, over), ...writers, ...readers])
    const took = watch.seconds
    const { waits } = pool.status()
    const { refused, served } = await crowd(pool)
    const besides = await own.end()

    const account = await accountOf(part, pool, npcs, batched, done)
    account.add('rows that COPY told of', copied, npcs)
    account.add('rows that the batch told of', changed, batched)
    account.add('never more connections than poolSize + maxOverflow', most <= CONNECTIONS, true)
    account.add('calls beyond maxWaiting that were refused', refused, TOO_MANY)
    account.add('calls that waited and were served', served, SIZE.maxWaiting)
    const { inUse, waiting, opening, timedOut, refused: counted, failed, lost } = pool.status()
    account.add('refused, as the pool counts', counted, TOO_MANY)
    account.add('in use, waiting and opening at the end', inUse + waiting + opening, 0)
    account.add('too late, failed and lost', timedOut + failed + lost, 0)
    const { committed, rolledBack, transfers, reads } = done
    const waited = { waits: waits.count, waitP95Ms: Math.round(waits.p95Ms), waitMaxMs: Math.round(waits.maxMs) }
    const rows: Row[] = [
      { name: `${part}: rows by COPY`, count: copied, seconds: copySeconds },
      { name: `${part}: statements in a batch`, count: changed, seconds: batchSeconds },
      {
        name: `${part}: transactions`,
        count: committed + rolledBack,
        seconds: took,
        latency: transfers.summary(),
        besides: { committed, rolledBack, connections: most, ...waited, ...besides },
      },
      { name: `${part}: sessions`, count: reads.summary().count, seconds: took, latency: reads.summary() },
    ]
    return { rows, account: account.entries }
  } finally {
    await pool.close()
  }
}

export const pool: Load = {
  name: 'pool',
  about: `a DatabasePool of ${SIZE.poolSize} + ${SIZE.maxOverflow} connections and ${WRITERS + READERS} who want one, on Postgres on this machine`,
  npcs: [1000, 100_000, 1_000_000],
  smokeNpcs: [20_000],
  async run({ npcs, seconds }: Effort): Promise<LoadOutcome> {
    const server = await privateServer()
    try {
      const parts: LoadOutcome[] = []
      for (const count of npcs) parts.push(await rowsOf(server, count, seconds))
      return { rows: parts.flatMap(({ rows }) => rows), account: parts.flatMap(({ account }) => account) }
    } finally {
      await server.close()
    }
  },
}

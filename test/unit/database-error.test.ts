import { inspect } from 'node:util'
import { test } from 'tap'
import { PopulaceError } from '../../lib/core/errors.js'
import {
  DatabaseError,
  endsConnection,
  failed,
  lost,
  timedOut,
  unavailable,
} from '../../lib/services/database-error.js'

const spoken = (more: object) => Object.assign(new Error('the server spoke'), more)

test('what ends a connection is told from what ends a statement', async t => {
  for (const code of ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '25P03']) {
    t.ok(endsConnection(spoken({ code })), code)
  }
  t.ok(endsConnection(spoken({ code: 'XX000', severity: 'FATAL' })))
  for (const code of ['23505', '42601', '40001', '57014', '08P01', '25P02', 'ERR_OTHER', undefined]) {
    t.notOk(endsConnection(spoken({ code, severity: 'ERROR' })), String(code))
  }
  t.notOk(endsConnection(new PopulaceError('DATABASE_LOST', 'It was lost', 'Look.')))
})

test('a refusal has the words of the server, its SQLSTATE and the constraint', async t => {
  const error = failed('the insert', spoken({ code: '23505', constraint_name: 'npc_pkey' }))
  t.type(error, DatabaseError)
  t.match(error, { code: 'DATABASE_FAILED', sqlState: '23505' })
  t.match(
    error.message,
    /^The database refused the insert: the server spoke, constraint 'npc_pkey' \(SQLSTATE 23505\)\./,
  )
  t.notOk('fate' in error)
})

test('a loss says what became of the work', async t => {
  t.match(failed('the insert', spoken({ code: 'EPIPE' })), { code: 'DATABASE_LOST', fate: 'unknown' })
  t.notOk('sqlState' in failed('the insert', spoken({ code: 'EPIPE' })), 'EPIPE is no SQLSTATE')
  t.match(lost('the insert', 'rolled back'), {
    fate: 'rolled back',
    message: /lost before the insert\. .*run it again/,
  })
  t.match(lost('the insert', 'unknown', spoken({ code: '57P01' })), {
    sqlState: '57P01',
    message: /lost in the insert: /,
  })
})

test('an error of ours is passed on as it is', async t => {
  const ours = new PopulaceError('DATABASE_VALUE_INVALID', 'It is wrong', 'Mend it.')
  t.equal(failed('the insert', ours), ours)
  t.equal(unavailable('postgres://h/d', ours), ours)
})

test('nothing of a statement or its parameters is in an error', async t => {
  const said = spoken({
    code: '23505',
    query: 'insert hunter2',
    parameters: ['hunter2'],
    args: ['hunter2'],
    detail: 'x',
  })
  for (const error of [failed('it', said), unavailable('postgres://h/d', said), lost('it', 'unknown', said)]) {
    t.notOk(inspect(error, { depth: 9, showHidden: true }).includes('hunter2'))
    t.notOk('cause' in error)
  }
})

test('a deadline is named with its milliseconds', async t => {
  t.match(
    timedOut('the statement "select 1"', 'the limit', 50).message,
    /^The statement .* longer than the limit of 50 ms/,
  )
})

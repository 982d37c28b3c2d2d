import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { PopulaceError } from '../../lib/core/errors.js'
import { COPY_BYTES_PER_TURN } from '../../lib/core/limits.js'
import { copiedParts } from '../../lib/state/copied-parts.js'
import { type Answer, errorAnswer, errorOf, memoryOf } from '../../lib/state/file-calls.js'

test('the memory of bytes is handed over, also inside an object, not that of numbers', async t => {
  const [a, b] = [new Uint8Array(3), new Uint8Array(4)]
  t.strictSame(memoryOf(['run', 1, a, { packed: { lengths: [1] }, bytes: b }, [1, 2], null, undefined]), [
    a.buffer,
    b.buffer,
  ])
})

test('what bytes hold is not looked at one by one', async t => {
  const bytes = new Proxy(new Uint8Array(3), {
    ownKeys: () => {
      throw new Error('its keys were listed')
    },
    get: (target, name) => Reflect.get(target, name, target),
  })
  t.equal(memoryOf([bytes]).length, 1)
})

test('an error crosses with its code, remedy and cause', async t => {
  const error = new PopulaceError('STORE_FAILED', 'It failed', 'Make room.', new Error('disk full'))
  const answer = structuredClone(errorAnswer(7, error)) as Extract<Answer, { error: unknown }>
  t.equal(answer.number, 7)
  t.match(errorOf(answer.error, answer.cause), {
    code: 'STORE_FAILED',
    message: 'It failed. Make room.',
    remedy: 'Make room.',
    cause: { message: 'disk full' },
  })
  const plain = errorAnswer(8, new Error('a bug')) as Extract<Answer, { error: unknown }>
  t.equal(errorOf(plain.error, plain.cause).cause, undefined)
})

test('many bytes are copied over many turns of the event loop', async t => {
  const parts = [COPY_BYTES_PER_TURN * 3, 0, 5, COPY_BYTES_PER_TURN].map((length, i) =>
    new Uint8Array(length).fill(i + 1),
  )
  let copied: Uint8Array | undefined
  const copying = copiedParts(parts).then(bytes => {
    copied = bytes
  })
  let turns = 0
  for (; copied === undefined; turns++) await setImmediate()
  await copying
  t.ok(turns >= 4, `${turns} turns`)
  t.equal(Buffer.compare(copied, Buffer.concat(parts)), 0)
  t.equal(copied.buffer.byteLength, copied.length, 'in memory that holds nothing else')
})

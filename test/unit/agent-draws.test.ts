import { test } from 'tap'
import { idOf } from '../../lib/core/ids.js'
import { PURPOSE, streamKey, threefry } from '../../lib/core/threefry.js'
import { makeAgentRandom } from '../../lib/kernels/agent-random.js'
import { refused } from '../fixtures/refused.js'

const KEY = streamKey(99, 'engine', PURPOSE.kernel, 12)
const IDS = Float64Array.of(idOf(1, 0), idOf(2, 0), idOf(5, 3), idOf(2 ** 30, 2 ** 21 - 1))

function made() {
  const agent = makeAgentRandom(IDS)
  agent.setKey(KEY)
  return agent
}

/** Design section 4, in other arithmetic: value = T(key; slot, generation * 2^11 + draw). */
function wordsOf(row: number, draw: number): [bigint, bigint] {
  const id = BigInt(IDS[row])
  const counter = (id >> 32n) * 2048n + BigInt(draw)
  const words = new Int32Array(2)
  threefry(KEY[0], KEY[1], Number(id & 0xffffffffn) | 0, Number(counter & 0xffffffffn) | 0, words, 0)
  return [BigInt(words[0] >>> 0), BigInt(words[1] >>> 0)]
}

const floatOf = (row: number, draw: number) => {
  const [a, b] = wordsOf(row, draw)
  return Number((a >> 5n) * 2n ** 26n + (b >> 6n)) / 2 ** 53
}

test('a number is T(key; slot, generation * 2^11 + draw)', async t => {
  const { random } = made()
  for (let row = 0; row < IDS.length; row++)
    for (let draw = 0; draw < 5; draw++) t.equal(random.float(row), floatOf(row, draw), `row ${row}, draw ${draw}`)
})

test('all kinds of numbers take the next draw of the same counter', async t => {
  const { random } = made()
  const row = 2
  t.equal(random.u32(row), Number(wordsOf(row, 0)[0]))
  t.equal(random.float(row), floatOf(row, 1))
  t.equal(random.int(row, 1000), Math.floor(floatOf(row, 2) * 1000))
  t.equal(random.chance(row, 0.5), floatOf(row, 3) < 0.5)
  const [a, b] = wordsOf(row, 4).map(Number)
  const normal = Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32)) * Math.cos((b / 2 ** 32) * 2 * Math.PI)
  t.equal(random.normal(row), normal)
  t.equal(random.exponential(row, 3), -3 * Math.log(1 - floatOf(row, 5)))
  t.equal(random.float(row), floatOf(row, 6))
})

test('chance 0 never comes true, chance 1 always', async t => {
  const { random } = made()
  for (let i = 0; i < 500; i++) if (random.chance(0, 0) || !random.chance(0, 1)) t.fail(`at ${i}`)
  t.equal(random.float(0), floatOf(0, 1000), 'each took a draw')
})

test('the 2,048th draw is given, the 2,049th refused', async t => {
  const { random } = made()
  for (let draw = 0; draw < 2047; draw++) random.float(2)
  t.equal(random.float(2), floatOf(2, 2047))
  refused(t, 'TOO_MANY_DRAWS', /2048/, () => random.float(2))
  refused(t, 'TOO_MANY_DRAWS', /2048/, () => random.normal(2))
  t.equal(random.float(1), floatOf(1, 0), 'another agent may draw')
})

test('no draw of one generation is a draw of the next', async t => {
  const ids = Float64Array.of(idOf(9, 4), idOf(9, 5))
  const agent = makeAgentRandom(ids)
  agent.setKey(KEY)
  const seen = new Set<number>()
  for (const row of [0, 1]) for (let draw = 0; draw < 2048; draw++) seen.add(agent.random.float(row))
  t.equal(seen.size, 4096)
})

test('int refuses an impossible bound', async t => {
  const { random } = made()
  for (const bound of [0, -3, 0.5, Number.NaN]) refused(t, 'RANDOM_BOUND', /at least 1/, () => random.int(0, bound))
  t.equal(random.float(0), floatOf(0, 0), 'and draws nothing')
})

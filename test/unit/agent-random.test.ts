// The numbers of agents, which are drawn by rounds written out in place, against Threefry itself, whose known answers
// are tested elsewhere.
import t from 'tap'
import { unitFloat, unitNormal } from '../../lib/core/sequence.js'
import { threefry } from '../../lib/core/threefry.js'
import { makeAgentRandom } from '../../lib/kernels/agent-random.js'

const KEY = Int32Array.of(0x13198a2e, -0x5bf3d9c1)
const IDS = Float64Array.of(
  1,
  2,
  4_294_967_295,
  4_294_967_296 + 3,
  (2 ** 20 - 1) * 2 ** 32 + 4,
  2 ** 20 * 2 ** 32 + 5,
  (2 ** 21 - 1) * 2 ** 32 + 0x7fffffff,
)

/** value = T(key; slot, generation * 2^11 + draw). */
function words(id: number, draw: number): Int32Array {
  const out = new Int32Array(2)
  const generation = Math.floor(id / 2 ** 32)
  threefry(KEY[0], KEY[1], (id % 2 ** 32) | 0, (generation * 2048 + draw) | 0, out, 0)
  return out
}

t.test('a draw is Threefry of slot, generation and count, for any id', async t => {
  const { random, setKey } = makeAgentRandom(IDS)
  setKey(KEY)
  for (const [row, id] of IDS.entries()) {
    for (let draw = 0; draw < 3; draw++) t.equal(random.u32(row), words(id, draw)[0] >>> 0, `id ${id}, draw ${draw}`)
    const third = words(id, 3)
    t.equal(random.float(row), unitFloat(third[0], third[1]))
    const fourth = words(id, 4)
    t.equal(random.normal(row), unitNormal(fourth[0], fourth[1]))
  }
})

t.test('each loop call and each key begin with the first draw', async t => {
  const { random, setKey, reset } = makeAgentRandom(IDS)
  setKey(KEY)
  const first = random.float(0)
  t.not(random.float(0), first)
  reset()
  t.equal(random.float(0), first)
  setKey(Int32Array.of(1, 2))
  t.not(random.float(0), first)
})

t.test('an agent draws 2,048 numbers and no more, in any generation', async t => {
  const { random, setKey, reset } = makeAgentRandom(IDS)
  setKey(KEY)
  for (const row of IDS.keys()) {
    reset()
    for (let draw = 0; draw < 2048; draw++) random.u32(row)
    t.throws(() => random.u32(row), { code: 'TOO_MANY_DRAWS' })
  }
})

t.test('the guard is told each row that draws, nobody included', async t => {
  const told: number[] = []
  const { random, setKey } = makeAgentRandom(IDS, row => told.push(row))
  setKey(KEY)
  random.u32(0)
  random.u32(0)
  random.chance(2, 0.5)
  random.u32(-1)
  t.strictSame(told, [0, 2, -1])
})

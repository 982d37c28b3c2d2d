// How space is laid on pixels.
import * as fc from 'fast-check'
import t from 'tap'
import { type Frame, frameOfArea, frameOfCells, frameOfPoints, Range } from '../../lib/cli/watch/extent.js'

const range = (low: number, high: number) => {
  const r = new Range()
  r.include(low, high)
  return r
}
const pixelOf = (f: Frame, x: number, y: number) => [
  Math.floor((x - f.left) / f.unitX),
  Math.floor((y - f.top) / f.unitY),
]
const inside = (f: Frame, [px, py]: number[]) => px >= 0 && px < f.width && py >= 0 && py < f.height

t.test('a range is first what it is told, and grows by more than it must', async t => {
  const r = range(10, 20)
  t.same([r.low, r.high], [10, 20])
  r.include(12, 18)
  t.same([r.low, r.high], [10, 20], 'and never shrinks')
  r.include(10, 30)
  t.same([r.low, r.high], [10, 35])
  r.include(15, 34)
  t.same([r.low, r.high], [10, 35], 'so that it stands still for a while')
  r.include(5, 6)
  t.equal(r.high, 35)
  t.ok(r.low < 5)
})

t.test('what is no number changes no range', async t => {
  const r = new Range()
  r.include(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
  r.include(Number.NaN, 3)
  t.ok(r.empty)
  r.include(1, 1)
  t.notOk(r.empty)
})

t.test('a range that wanders off grows seldom', async t => {
  const r = range(0, 1)
  let changes = 0
  for (let high = 1; high < 1000; high += 0.5) {
    const before = r.high
    r.include(0, high)
    changes += Number(r.high !== before)
  }
  t.ok(changes < 40, `${changes} times in 2,000`)
})

const sides = fc.integer({ min: 1, max: 300 })
const room = fc.record({ width: sides, height: sides })

t.test('every cell has its pixel, in whatever room', async t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), room, (columns, rows, room) => {
      const f = frameOfCells(columns, rows, room)
      const corners = [0.5, columns - 0.5].flatMap(x => [0.5, rows - 0.5].map(y => pixelOf(f, x, y)))
      if (!corners.every(p => inside(f, p))) throw new Error(JSON.stringify(f))
      if (f.width * f.zoom > room.width || f.height * f.zoom > room.height) throw new Error('too large')
      if (f.zoom > 1 && (f.unitX !== 1 || f.width !== columns)) throw new Error('cells drawn in parts')
    }),
  )
  t.match(frameOfCells(25, 25, { width: 120, height: 74 }), { width: 25, height: 25, zoom: 2 })
  t.match(frameOfCells(512, 256, { width: 64, height: 64 }), { width: 64, height: 32, unitX: 8, zoom: 1 })
})

t.test('every point of an area has its pixel, north up', async t => {
  const place = fc.double({ min: -80, max: 80, noNaN: true })
  fc.assert(
    fc.property(place, place, place, place, room, fc.boolean(), (x0, x1, y0, y1, room, geographic) => {
      const [x, y] = [range(Math.min(x0, x1), Math.max(x0, x1)), range(Math.min(y0, y1), Math.max(y0, y1))]
      const f = frameOfArea(x, y, room, geographic)
      const corners = [x.low, x.high].flatMap(a => [y.low, y.high].map(b => pixelOf(f, a, b)))
      if (!corners.every(p => inside(f, p))) throw new Error(`${JSON.stringify(f)} ${JSON.stringify(corners)}`)
      if (f.width > room.width || f.height > room.height) throw new Error('too large')
    }),
  )
  const world = frameOfArea(range(-180, 180), range(-90, 90), { width: 120, height: 74 }, true)
  t.match(world, { width: 120, height: 60 })
  t.equal(pixelOf(world, 0, 89)[1], 0)
  const town = frameOfArea(range(10, 11), range(60, 61), { width: 100, height: 100 }, true)
  t.ok(Math.abs(town.width - 50) <= 1, 'a degree of longitude is half as wide at 60° north')
})

t.test('whole numbers are laid on pixels by whole numbers', async t => {
  fc.assert(
    fc.property(fc.integer({ min: -500, max: 500 }), fc.nat(3000), fc.nat(3000), room, (low, across, down, room) => {
      const f = frameOfPoints(range(low, low + across), range(low, low + down), room)
      if (!Number.isInteger(f.unitX)) throw new Error('a moiré')
      const corners = [low, low + across].flatMap(x => [low, low + down].map(y => pixelOf(f, x, y)))
      if (!corners.every(p => inside(f, p))) throw new Error(JSON.stringify(f))
    }),
  )
  t.match(frameOfPoints(range(0, 24), range(0, 24), { width: 120, height: 74 }), { width: 25, zoom: 2 })
})

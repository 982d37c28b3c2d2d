// Grids held against brute force: every pair of agents, in 2D and 3D, torus and bounded, for each reach, in one space or
// in one a partition.
import fc from 'fast-check'
import { test } from 'tap'
import { defineGrid, definePopulation, f32, f64, i16, u8 } from '../../lib/index.js'
import { bareView } from '../fixtures/bare-view.js'

const CAPACITY = 6000

/** A grid over agents at given places; the sort is done in one share, or in several as a crew of `threads` would. */
const worlds = fc.record({
  torus: fc.boolean(),
  deep: fc.boolean(),
  reach: fc.constantFrom(1 as const, 2 as const, 3 as const),
  kind: fc.constantFrom('f32', 'f64', 'i16', 'u8'),
  /** Cells beyond the fewest that a torus may have, by axis. */
  spare: fc.tuple(fc.nat(3), fc.nat(4), fc.nat(2)),
  cell: fc.constantFrom(1, 2.5, 7, 0.3),
  /** Of a cell: how much longer a side is than its cells. */
  excess: fc.constantFrom(0, 0.4),
  threads: fc.constantFrom(1, 2, 3),
  /** 3000 rows are too many for one thread of several to sort by itself. */
  crowd: fc.constantFrom(0, 0, 0, 3000),
  places: fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000)), { maxLength: 60 }),
  dead: fc.nat(20),
  /** Partitions that agents live in, of seven: the others are empty. */
  partitions: fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 4 }),
  apart: fc.boolean(),
  first: fc.nat(7),
})

const COLUMN = { f32, f64, i16, u8 }

test('a neighbour loop over spans of cells meets exactly the agents that brute force finds, each once', async t => {
  fc.assert(
    fc.property(worlds, o => {
      const axes = o.deep ? 3 : 2
      const cells = o.spare.map(n => (o.torus ? 2 * o.reach + 1 : 1) + n)
      const sides = cells.map(n => (n + o.excess) * o.cell)
      const make = COLUMN[o.kind as keyof typeof COLUMN]
      const bird = definePopulation('bird', {
        capacity: CAPACITY,
        columns: { x: make(), y: make(), z: make(), tag: u8() },
      })
      const grid = defineGrid('sky', {
        of: bird,
        x: 'x',
        y: 'y',
        ...(o.deep ? { z: 'z' as const, depth: sides[2] } : {}),
        width: sides[0],
        height: sides[1],
        torus: o.torus,
        cell: o.cell,
        reach: o.reach,
        scope: o.apart ? 'partition' : 'world',
      })
      const picked = grid.pick('x', 'y', 'z', 'tag')
      const { world, view, seen, here, build } = bareView([bird], picked, { threads: o.threads })
      const table = world.view('setup').population(bird)
      for (let p = 1; p < 7; p++) world.view('setup').partition(String(p))
      // Bounded grids take agents from beyond their sides too.
      const stretch = (n: number, axis: number) =>
        o.torus ? (n / 1000) * sides[axis] : o.kind === 'u8' ? n / 20 : (n / 1000) * 3 * sides[axis] - sides[axis]
      const whole = (v: number) => (o.kind === 'i16' || o.kind === 'u8' ? Math.floor(v) : v)
      o.places.forEach((p, i) => {
        const [x, y, z] = p.map((n, axis) => whole(stretch(n, axis)))
        table.spawn({ x, y, z, tag: i }, String(o.partitions[i % o.partitions.length]))
      })
      const each = Math.floor(o.crowd / o.partitions.length)
      for (const partition of o.partitions) {
        table.spawnMany(each, {
          partition: String(partition),
          fill({ x, y, z }) {
            for (let i = 0; i < each; i++) {
              x[i] = whole(((i % 97) / 97) * sides[0])
              y[i] = whole(((i % 89) / 89) * sides[1])
              z[i] = whole(((i % 83) / 83) * sides[2])
            }
          },
        })
      }
      const edit = world.view('edit').population(bird)
      for (let id = 3; id <= o.dead; id += 4) edit.despawn(id)
      build(o.first)

      const rows: number[] = []
      const memory = world.memory.population('bird')
      for (const s of memory.segments()) for (let r = s.row; r < s.row + s.count; r++) rows.push(r)
      const order = new Map(rows.map((r, i) => [r, i]))
      const at = ['x', 'y', 'z'].slice(0, axes).map(name => memory.columns.get(name)?.array ?? new Float64Array())
      const across = (d: number, side: number) => (o.torus ? Math.min(Math.abs(d), side - Math.abs(d)) : Math.abs(d))
      const distance = (a: number, b: number) =>
        at.reduce((sum, c, axis) => sum + across(c[a] - c[b], sides[axis]) ** 2, 0)
      const limit = (o.cell * o.reach) ** 2
      const tells = limit * 1e-5 // f32 shifts and sums are rounded: pairs right at the limit may fall either way
      const { first, row, id, tag, cellAt, stride, layer, reach } = seen
      const { x, y, z } = seen
      const askers = rows.filter((_, i) => i < 8 || i % 501 === 0)
      const home = memory.partition
      for (const self of askers) {
        here[0] = home[self]
        const c = o.deep ? cellAt(at[0][self], at[1][self], at[2][self]) : cellAt(at[0][self], at[1][self])
        const met = new Map<number, number>()
        for (let l = o.deep ? c - reach * layer : c; l <= (o.deep ? c + reach * layer : c); l += layer)
          for (let line = l - reach * stride; line <= l + reach * stride; line += stride)
            for (let i = first[line - reach]; i < first[line + reach + 1]; i++) {
              if (met.has(row[i])) throw new Error(`row ${row[i]} is met twice from row ${self}`)
              const d2 =
                (x[i] - at[0][self]) ** 2 + (y[i] - at[1][self]) ** 2 + (o.deep ? (z[i] - at[2][self]) ** 2 : 0)
              met.set(row[i], d2)
              if (id[i] !== memory.id[row[i]]) throw new Error('an id is another row’s')
              if (tag[i] !== memory.columns.get('tag')?.array[row[i]]) throw new Error('a column is another row’s')
            }
        if (met.get(self) !== 0) throw new Error('an agent does not meet itself where it is')
        for (const other of rows) {
          if (o.apart && home[self] !== home[other]) {
            if (met.has(other)) throw new Error(`row ${other} is met in another partition`)
            continue
          }
          const d2 = distance(self, other)
          if (d2 < limit - tells && !met.has(other)) throw new Error(`row ${other} is missing at ${Math.sqrt(d2)}`)
          const seenAt = met.get(other)
          if (seenAt !== undefined && d2 < limit && Math.abs(seenAt - d2) > tells + 1e-9)
            throw new Error(`row ${other} is seen at ${Math.sqrt(seenAt)}, is at ${Math.sqrt(d2)}`)
        }
      }
      for (let run = 0; run < view.runs; run++)
        for (let i = first[run] + 1; i < first[run + 1]; i++)
          if ((order.get(row[i - 1]) ?? 0) >= (order.get(row[i]) ?? 0)) throw new Error('a run is out of order')
      if (first[0] !== 0) throw new Error('the first run begins later')
      if (!o.torus && view.length !== rows.length) throw new Error('an agent is in no cell')
    }),
    { numRuns: 400 },
  )
  t.pass('held')
})

test('searches find what brute force finds, nearest first', async t => {
  fc.assert(
    fc.property(
      fc.record({
        torus: fc.boolean(),
        deep: fc.boolean(),
        reach: fc.constantFrom(1 as const, 2 as const, 3 as const),
        places: fc.array(fc.tuple(fc.nat(64), fc.nat(64), fc.nat(64)), { maxLength: 40 }),
        from: fc.tuple(
          fc.integer({ min: -80, max: 160 }),
          fc.integer({ min: -80, max: 160 }),
          fc.integer({ min: -80, max: 160 }),
        ),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
        most: fc.nat(12),
        /** Partitions that are apart, or 1; who asks may be in one where nobody lives. */
        partitions: fc.integer({ min: 1, max: 4 }),
        asked: fc.nat(4),
      }),
      o => {
        const side = 64
        const bird = definePopulation('bird', { capacity: 64, columns: { x: f32(), y: f32(), z: f32() } })
        const grid = defineGrid('sky', {
          of: bird,
          x: 'x',
          y: 'y',
          width: side,
          height: side,
          torus: o.torus,
          cell: 8,
          reach: o.reach,
          ...(o.deep ? { z: 'z' as const, depth: side } : {}),
          ...(o.partitions > 1 ? { scope: 'partition' as const } : {}),
        })
        const { world, seen, here, build } = bareView([bird], grid.pick('x', 'y', 'z'))
        const table = world.view('setup').population(bird)
        for (let p = 1; p < 5; p++) world.view('setup').partition(String(p))
        o.places.forEach(([x, y, z], i) => void table.spawn({ x, y, z }, String(i % o.partitions)))
        build()
        here[0] = o.asked
        const isHere = (i: number) => o.partitions === 1 || i % o.partitions === o.asked
        const radius = Math.floor(o.part * 8 * o.reach)
        const axes = o.deep ? 3 : 2
        const from = o.from.slice(0, axes)
        const across = (d: number) => {
          if (!o.torus) return d
          const w = ((d % side) + side) % side
          return Math.min(w, side - w)
        }
        const far = o.places.map(p => from.reduce((sum, v, axis) => sum + across(p[axis] - v) ** 2, 0))
        // The i-th to be made has the id i + 1.
        const found = (n: number) => Array.from({ length: n }, (_, k) => (seen.id[seen.found[k]] as number) - 1)
        const within = found(seen.within(...from, radius)).sort((a, b) => a - b)
        const expected = far.flatMap((d, i) => (isHere(i) && d <= radius * radius ? [i] : []))
        if (String(within) !== String(expected)) throw new Error(`within: ${within}, not ${expected}`)
        const near = found(seen.nearest(...from, o.most)).map(i => far[i])
        const nearest = far
          .filter((d, i) => isHere(i) && d <= (8 * o.reach) ** 2)
          .sort((a, b) => a - b)
          .slice(0, o.most)
        if (String(near) !== String(nearest)) throw new Error(`nearest: ${near}, not ${nearest}`)
      },
    ),
    { numRuns: 600 },
  )
  t.pass('held')
})

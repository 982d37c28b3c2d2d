// position += velocity: what a row costs when there is next to nothing to compute. The peers are ECS libraries that run
// on one thread, each used as its documentation shows; 'plain' is two typed arrays in a function's closure.
import { addComponents, addEntity, createWorld, query } from 'bitecs'
import { World as MiniplexWorld } from 'miniplex'
import { createEntitySystem, World as PiecsWorld } from 'piecs'
import { Simulation } from '../../lib/index.js'
import { type BenchCase, type Contender, fasterBy, interleave, milliseconds, type Work } from '../harness.js'
import { mover, startOf, velocityOf } from '../scenarios/moving.js'

const PASSES = 40

/** A contender that can show its positions. */
interface Mover {
  readonly name: string
  /** Passes a round: enough that the start of a run does not count, few where a pass takes long. */
  readonly passes: number
  pass(ticks: number): unknown
  positions(): ArrayLike<number>
  close?(): Promise<void>
}

function plain(rows: number): Mover {
  const x = Float32Array.from({ length: rows }, (_, i) => startOf(i))
  const vx = Float32Array.from({ length: rows }, (_, i) => velocityOf(i))
  const move = () => {
    for (let row = 0; row < x.length; row++) x[row] += vx[row]
  }
  return {
    name: 'plain loop',
    passes: PASSES,
    pass(ticks) {
      for (let t = 0; t < ticks; t++) move()
    },
    positions: () => x,
  }
}

/** byIndex: with a loop by index, several times faster than the `for … of` of bitecs' documentation. */
function bitecs(rows: number, byIndex: boolean): Mover {
  const Position = { x: new Float32Array(rows + 1) }
  const Velocity = { x: new Float32Array(rows + 1) }
  const world = createWorld({ components: { Position, Velocity } })
  for (let i = 0; i < rows; i++) {
    const entity = addEntity(world)
    addComponents(world, entity, [Position, Velocity])
    Position.x[entity] = startOf(i)
    Velocity.x[entity] = velocityOf(i)
  }
  const documented = () => {
    for (const entity of query(world, [Position, Velocity])) Position.x[entity] += Velocity.x[entity]
  }
  const indexed = () => {
    const entities = query(world, [Position, Velocity])
    const { x } = Position
    const { x: vx } = Velocity
    for (let i = 0; i < entities.length; i++) {
      const entity = entities[i]
      x[entity] += vx[entity]
    }
  }
  const move = byIndex ? indexed : documented
  return {
    name: byIndex ? 'bitecs by index' : 'bitecs',
    passes: PASSES,
    pass(ticks) {
      for (let t = 0; t < ticks; t++) move()
    },
    positions: () => Position.x.subarray(1),
  }
}

function piecs(rows: number): Mover {
  const world = new PiecsWorld()
  const position = world.createComponentId()
  const velocity = world.createComponentId()
  const x = new Float32Array(rows + 1)
  const vx = new Float32Array(rows + 1)
  const prefab = world.prefabricate([position, velocity])
  world.registerSystem(
    createEntitySystem(
      entities => {
        for (let i = 0; i < entities.length; i++) {
          const entity = entities[i]
          x[entity] += vx[entity]
        }
      },
      q => q.every(position, velocity),
    ),
  )
  world.initialize()
  const entities = Array.from({ length: rows }, () => world.createEntity(prefab))
  entities.forEach((entity, i) => {
    x[entity] = startOf(i)
    vx[entity] = velocityOf(i)
  })
  return {
    name: 'piecs',
    passes: PASSES,
    pass(ticks) {
      for (let t = 0; t < ticks; t++) world.update()
    },
    positions: () => Float32Array.from(entities, entity => x[entity]),
  }
}

function miniplex(rows: number): Mover {
  const world = new MiniplexWorld<{ position: { x: number }; velocity: { x: number } }>()
  const moving = world.with('position', 'velocity')
  const entities = Array.from({ length: rows }, (_, i) =>
    world.add({ position: { x: startOf(i) }, velocity: { x: velocityOf(i) } }),
  )
  const move = () => {
    for (const { position, velocity } of moving) position.x += velocity.x
  }
  return {
    name: 'miniplex',
    passes: 2,
    pass(ticks) {
      for (let t = 0; t < ticks; t++) move()
    },
    positions: () => entities.map(e => e.position.x),
  }
}

async function populace(rows: number, workers: number): Promise<Mover> {
  const url = new URL('../scenarios/moving.js', import.meta.url)
  const sim = await Simulation.create(url, { workers, params: { rows } })
  return {
    name: workers === 0 ? 'populace inline' : `populace ${workers} worker${workers === 1 ? '' : 's'}`,
    passes: PASSES,
    pass: ticks => sim.run({ ticks }),
    positions: () => sim.world.population(mover).column('x'),
    close: () => sim.close(),
  }
}

/** How many positions are not exactly where the ticks done must have brought them. */
function misplaced(positions: ArrayLike<number>, rows: number, ticks: number): number {
  let wrong = Math.abs(positions.length - rows)
  for (let i = 0; i < rows; i++) if (positions[i] !== startOf(i) + velocityOf(i) * ticks) wrong++
  return wrong
}

function contender(m: Mover): Contender {
  return { name: m.name, round: async () => (await milliseconds(() => m.pass(m.passes))) / m.passes }
}

export const rowUpdate: BenchCase = {
  name: 'row-update',
  about: 'position += velocity, milliseconds a pass over all rows (1M in a full run)',
  rounds: 31,
  async run({ smoke, rounds }) {
    const rows = smoke ? 40_000 : 1_000_000
    const warmup = 3
    const movers = [
      plain(rows),
      await populace(rows, 0),
      await populace(rows, 1),
      await populace(rows, 2),
      bitecs(rows, false),
      bitecs(rows, true),
      piecs(rows),
    ]
    const samples = await interleave(movers.map(contender), rounds, warmup)
    // Alone, after the others: collecting the garbage of a million objects would fall into whoever's round it is.
    movers.push(miniplex(rows))
    for (const [name, found] of await interleave(movers.slice(-1).map(contender), rounds, warmup))
      samples.set(name, found)
    const work: Work[] = movers.map(m => ({
      what: `${m.name}: rows that are not where they must be`,
      found: String(misplaced(m.positions(), rows, m.passes * (rounds + warmup))),
      expected: '0',
    }))
    for (const m of movers) await m.close?.()
    return {
      lines: movers.map(m => ({ name: m.name, unit: 'ms', samples: samples.get(m.name) ?? [] })),
      targets: [
        fasterBy(samples, 'populace inline', 'bitecs', 3),
        fasterBy(samples, 'populace 1 worker', 'bitecs', 3),
        fasterBy(samples, 'populace inline', 'plain loop', 0.95),
        fasterBy(samples, 'populace 1 worker', 'plain loop', 0.95),
      ],
      work,
    }
  },
}

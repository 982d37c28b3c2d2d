// Wolves, sheep and grass on a torus of cells. Sheep and wolves walk to one of the eight cells around them for one unit
// of energy; a sheep eats the grass that has grown in its cell, a wolf one of the sheep in its; who lacks energy dies;
// who lives has a young one with some chance and shares its energy with it. Eaten grass grows again after `regrow` ticks.
// Wilensky, NetLogo Wolf Sheep Predation model, 1997; parameters as frameworks are compared by (this default: small).
//
// Published versions let animals act one by one in random order. Here all sheep act at once, then all wolves. What
// several want is a claim: one sheep has the grass of a cell, one wolf a sheep, and which is drawn at random; a wolf
// that loses its claim goes hungry in this tick even where another sheep is left.
import {
  bool,
  count,
  defineClaim,
  defineEngine,
  defineGrid,
  defineLattice,
  defineParams,
  definePopulation,
  defineScenario,
  f32,
  i16,
  type SetupScope,
  type World,
} from 'populace'

const params = defineParams({
  size: { default: 25, min: 3, max: 4096, about: 'cells in a row, and rows' },
  sheep: { default: 60, min: 0, max: 10_000_000, about: 'sheep at the start' },
  wolves: { default: 40, min: 0, max: 10_000_000, about: 'wolves at the start' },
  regrow: { default: 20, min: 1, max: 10_000, about: 'ticks until eaten grass has grown again' },
  sheepBirth: { default: 0.2, min: 0, max: 1, about: 'chance of a sheep to have a lamb in a tick' },
  wolfBirth: { default: 0.1, min: 0, max: 1, about: 'chance of a wolf to have a cub in a tick' },
  sheepGain: { default: 5, min: 1, max: 1000, about: 'energy from the grass of a cell' },
  wolfGain: { default: 13, min: 1, max: 1000, about: 'energy from a sheep' },
})

/** Room for so many of a kind a cell; one more birth is refused. Only what is lived in takes memory. */
const CROWD = 8

export const grass = defineLattice('grass', {
  params,
  width: p => p.size,
  height: p => p.size,
  columns: { grown: bool(), /** Ticks until it has grown. */ wait: i16() },
})

const animal = { x: i16(), y: i16(), energy: f32() }
const capacity = (p: { size: number; sheep: number; wolves: number }) =>
  Math.max(p.size * p.size * CROWD, p.sheep, p.wolves)
/** Few live where many could: small blocks, so that every thread has some to step. */
const block = 128
export const sheep = definePopulation('sheep', { params, capacity, block, columns: animal })
export const wolf = definePopulation('wolf', { params, capacity, block, columns: animal })

const flock = defineGrid('flock', {
  params,
  of: sheep,
  x: 'x',
  y: 'y',
  width: p => p.size,
  height: p => p.size,
  torus: true,
  cell: 1,
})

const graze = defineClaim('graze', { by: sheep, on: grass })
const bite = defineClaim('bite', { by: wolf, on: sheep })

const sheepWalk = defineEngine({
  name: 'sheep-walk',
  population: sheep,
  params,
  writes: ['x', 'y', 'energy'],
  senses: { grass: grass.pick('grown') },
  claims: { graze },
  kernel({ self, seen, claim, random, params }) {
    const { x, y, energy } = self
    const { grown } = seen.grass
    const { size } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const way = random.int(row, 8)
        const step = way < 4 ? way : way + 1 // of the nine cells around, all but the middle
        x[row] = (x[row] + (step % 3) - 1 + size) % size
        y[row] = (y[row] + Math.floor(step / 3) - 1 + size) % size
        energy[row] -= 1
        const here = y[row] * size + x[row]
        if (grown[here] === 1) claim.graze(row, here)
      }
    }
  },
})

const grassGrow = defineEngine({
  name: 'grass-grow',
  population: grass,
  dependencies: ['sheep-walk'],
  params,
  writes: ['grown', 'wait'],
  outcomes: { graze },
  kernel({ self, outcome, params }) {
    const { grown, wait } = self
    const { winner } = outcome.graze
    const { regrow } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (winner[row] !== 0) {
          grown[row] = 0
          wait[row] = regrow
        } else if (grown[row] === 0 && --wait[row] <= 0) {
          grown[row] = 1
        }
      }
    }
  },
})

const sheepLive = defineEngine({
  name: 'sheep-live',
  population: sheep,
  dependencies: ['sheep-walk'],
  params,
  reads: ['x', 'y'],
  writes: ['energy'],
  outcomes: { graze },
  spawns: { lamb: sheep },
  despawns: true,
  kernel({ self, outcome, spawn, despawn, random, params }) {
    const { x, y, energy } = self
    const { won } = outcome.graze
    const { lamb } = spawn
    const { sheepBirth, sheepGain } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        energy[row] += won[row] * sheepGain
        if (energy[row] < 1) {
          despawn(row)
        } else if (random.chance(row, sheepBirth)) {
          energy[row] /= 2
          const born = lamb.add(row)
          lamb.x[born] = x[row]
          lamb.y[born] = y[row]
          lamb.energy[born] = energy[row]
        }
      }
    }
  },
})

const wolfWalk = defineEngine({
  name: 'wolf-walk',
  population: wolf,
  dependencies: ['sheep-live'],
  params,
  writes: ['x', 'y', 'energy'],
  senses: { flock: flock.pick() },
  claims: { bite },
  kernel({ self, seen, claim, random, params }) {
    const { x, y, energy } = self
    const { first, row: sheepRow, cellAt } = seen.flock
    const { size } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const way = random.int(row, 8)
        const step = way < 4 ? way : way + 1
        x[row] = (x[row] + (step % 3) - 1 + size) % size
        y[row] = (y[row] + Math.floor(step / 3) - 1 + size) % size
        energy[row] -= 1
        const here = cellAt(x[row], y[row])
        const prey = first[here + 1] - first[here]
        if (prey > 0) claim.bite(row, sheepRow[first[here] + random.int(row, prey)])
      }
    }
  },
})

const sheepEaten = defineEngine({
  name: 'sheep-eaten',
  population: sheep,
  dependencies: ['wolf-walk'],
  outcomes: { bite },
  despawns: true,
  kernel({ outcome, despawn }) {
    const { winner } = outcome.bite
    return (begin, end) => {
      for (let row = begin; row < end; row++) if (winner[row] !== 0) despawn(row)
    }
  },
})

const wolfLive = defineEngine({
  name: 'wolf-live',
  population: wolf,
  dependencies: ['wolf-walk'],
  params,
  reads: ['x', 'y'],
  writes: ['energy'],
  outcomes: { bite },
  spawns: { cub: wolf },
  despawns: true,
  kernel({ self, outcome, spawn, despawn, random, params }) {
    const { x, y, energy } = self
    const { won } = outcome.bite
    const { cub } = spawn
    const { wolfBirth, wolfGain } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        energy[row] += won[row] * wolfGain
        if (energy[row] < 0) {
          despawn(row)
        } else if (random.chance(row, wolfBirth)) {
          energy[row] /= 2
          const born = cub.add(row)
          cub.x[born] = x[row]
          cub.y[born] = y[row]
          cub.energy[born] = energy[row]
        }
      }
    }
  },
})

type Scope = SetupScope<typeof params>

function setup(world: World, { params, random }: Scope): void {
  const { size, regrow } = params
  const cells = random.shuffle(Uint32Array.from({ length: size * size }, (_, row) => row))
  world.population(grass).update(({ grown, wait }) => {
    for (let i = 0; i < cells.length; i++) {
      if (2 * i < cells.length) grown[cells[i]] = 1
      else wait[cells[i]] = 1 + random.int(regrow)
    }
  })
  for (const [kind, many, gain] of [
    [sheep, params.sheep, params.sheepGain],
    [wolf, params.wolves, params.wolfGain],
  ] as const) {
    world.population(kind).spawnMany(many, {
      fill({ x, y, energy }) {
        for (let i = 0; i < many; i++) {
          x[i] = random.int(size)
          y[i] = random.int(size)
          energy[i] = 1 + random.int(2 * gain)
        }
      },
    })
  }
}

/** What the scenario is made of, for others to build on. */
export const wolfSheep = {
  name: 'wolf-sheep',
  params,
  populations: [grass, sheep, wolf],
  engines: [sheepWalk, grassGrow, sheepLive, wolfWalk, sheepEaten, wolfLive],
  measures: { sheep: count(sheep), wolves: count(wolf), grass: count(grass, { grown: 1 }) },
  setup,
  until: ({ measures }: { measures: { sheep: number } }) => measures.sheep === 0,
}

export default defineScenario(wolfSheep)

// Wolves, sheep and grass as they are published: animals act one by one, in an order drawn anew in each tick, and each
// finds the meadow as those before it left it. Plain objects and sets, with numbers of its own; the oracle of
// examples/wolf-sheep.ts, where all sheep act at once and then all wolves.
import { shuffle, uniform } from './plain-random.js'

/** The parameters of the example. */
export interface Meadow {
  readonly size: number
  readonly sheep: number
  readonly wolves: number
  readonly regrow: number
  readonly sheepBirth: number
  readonly wolfBirth: number
  readonly sheepGain: number
  readonly wolfGain: number
}

interface Animal {
  readonly kind: 'sheep' | 'wolf'
  cell: number
  energy: number
}

class Animals {
  readonly all = new Set<Animal>()
  /** Sheep by cell. */
  readonly flocks: readonly Set<Animal>[]
  wolves = 0

  constructor(cells: number) {
    this.flocks = Array.from({ length: cells }, () => new Set())
  }

  add(animal: Animal): void {
    this.all.add(animal)
    if (animal.kind === 'sheep') this.flocks[animal.cell].add(animal)
    else this.wolves++
  }

  remove(animal: Animal): void {
    this.all.delete(animal)
    if (animal.kind === 'sheep') this.flocks[animal.cell].delete(animal)
    else this.wolves--
  }
}

/** How many there are of each after each tick. */
export function animalsByTurns(m: Meadow, seed: number, ticks: number): { sheep: number[]; wolves: number[] } {
  const next = uniform(seed)
  const int = (below: number) => Math.floor(next() * below)
  const cells = m.size * m.size
  /** Ticks until the grass of a cell has grown; 0: it has. */
  const wait = Array.from({ length: cells }, () => (next() < 0.5 ? 0 : 1 + int(m.regrow)))
  const animals = new Animals(cells)
  for (let i = 0; i < m.sheep; i++) animals.add({ kind: 'sheep', cell: int(cells), energy: 1 + int(2 * m.sheepGain) })
  for (let i = 0; i < m.wolves; i++) animals.add({ kind: 'wolf', cell: int(cells), energy: 1 + int(2 * m.wolfGain) })

  const walk = (cell: number) => {
    const way = int(8)
    const step = way < 4 ? way : way + 1
    const x = ((cell % m.size) + (step % 3) - 1 + m.size) % m.size
    const y = (Math.floor(cell / m.size) + Math.floor(step / 3) - 1 + m.size) % m.size
    return y * m.size + x
  }
  const eat = (animal: Animal) => {
    if (animal.kind === 'sheep') {
      if (wait[animal.cell] > 0) return
      wait[animal.cell] = m.regrow
      animal.energy += m.sheepGain
      return
    }
    const flock = animals.flocks[animal.cell]
    if (flock.size === 0) return
    animals.remove([...flock][int(flock.size)])
    animal.energy += m.wolfGain
  }
  const act = (animal: Animal) => {
    animals.remove(animal)
    animal.cell = walk(animal.cell)
    animal.energy -= 1
    eat(animal)
    const sheep = animal.kind === 'sheep'
    if (animal.energy < (sheep ? 1 : 0)) return
    animals.add(animal)
    if (next() >= (sheep ? m.sheepBirth : m.wolfBirth)) return
    animal.energy /= 2
    animals.add({ ...animal })
  }

  const course = { sheep: [] as number[], wolves: [] as number[] }
  for (let tick = 0; tick < ticks; tick++) {
    const order = shuffle([...animals.all], next)
    for (const animal of order) if (animals.all.has(animal)) act(animal)
    for (let cell = 0; cell < cells; cell++) if (wait[cell] > 0) wait[cell]--
    course.sheep.push(animals.all.size - animals.wolves)
    course.wolves.push(animals.wolves)
  }
  return course
}

// The rules of scenarios/turnover.ts in ECS libraries that run on one thread, each used as its documentation shows, with
// typed arrays for components where they leave that to the user: first all age, then those whose time has come leave a
// child each and go.
import { addComponents, addEntity, createWorld, query, removeEntity } from 'bitecs'
import { World as MiniplexWorld } from 'miniplex'
import { createEntitySystem, World as PiecsWorld } from 'piecs'
import { LIFE, startOf } from './scenarios/turnover.js'

/** What a contender's agents come to: how many, and sums that no lost or doubled agent leaves as they were. */
export interface Sums {
  readonly agents: number
  readonly x: number
  readonly y: number
  readonly lineage: number
  readonly age: number
}

/** A contender. */
export interface Peer {
  readonly name: string
  tick(): void
  sums(): Sums
}

/** Component stores of libraries that leave them to the user: by entity. */
class Stores {
  readonly x: Float32Array
  readonly y: Float32Array
  readonly lineage: Uint32Array
  readonly age: Uint32Array

  constructor(entities: number) {
    this.x = new Float32Array(entities)
    this.y = new Float32Array(entities)
    this.lineage = new Uint32Array(entities)
    this.age = new Uint32Array(entities)
  }

  start(entity: number, i: number): void {
    const { x, y, lineage, age } = startOf(i)
    this.x[entity] = x
    this.y[entity] = y
    this.lineage[entity] = lineage
    this.age[entity] = age
  }

  /** Fills in the child of an agent. */
  inherit(child: number, parent: number): void {
    this.x[child] = this.x[parent]
    this.y[child] = this.y[parent] + 1
    this.lineage[child] = this.lineage[parent]
    this.age[child] = 0
  }

  sums(entities: Iterable<number>): Sums {
    return sumsOf(entities, entity => ({
      ...{ x: this.x[entity], y: this.y[entity], lineage: this.lineage[entity], age: this.age[entity] },
    }))
  }
}

/** Sums over anything. */
export function sumsOf<T>(all: Iterable<T>, values: (one: T) => Omit<Sums, 'agents'>): Sums {
  const sums = { agents: 0, x: 0, y: 0, lineage: 0, age: 0 }
  for (const one of all) {
    const { x, y, lineage, age } = values(one)
    sums.agents++
    sums.x += x
    sums.y += y
    sums.lineage += lineage
    sums.age += age
  }
  return sums
}

export function bitecs(agents: number): Peer {
  const stores = new Stores(agents * 2)
  // Four components, as the scenario has four columns.
  const components = [{ x: stores.x }, { y: stores.y }, { lineage: stores.lineage }, { age: stores.age }]
  const world = createWorld({ components })
  const make = () => {
    const entity = addEntity(world)
    addComponents(world, entity, components)
    return entity
  }
  for (let i = 0; i < agents; i++) stores.start(make(), i)
  const { age } = stores
  return {
    name: 'bitecs',
    tick() {
      const old: number[] = []
      for (const entity of query(world, components)) if (++age[entity] >= LIFE) old.push(entity)
      for (const parent of old) {
        stores.inherit(make(), parent)
        removeEntity(world, parent)
      }
    },
    sums: () => stores.sums(query(world, components)),
  }
}

export function piecs(agents: number): Peer {
  const stores = new Stores(agents * 2)
  const world = new PiecsWorld()
  const components = Array.from({ length: 4 }, () => world.createComponentId())
  const prefab = world.prefabricate(components)
  const { age } = stores
  world.registerSystem(
    createEntitySystem(
      entities => {
        const old: number[] = []
        for (let i = 0; i < entities.length; i++) if (++age[entities[i]] >= LIFE) old.push(entities[i])
        for (const parent of old) {
          stores.inherit(world.createEntity(prefab), parent)
          world.deleteEntity(parent)
        }
      },
      q => q.every(...components),
    ),
  )
  world.initialize()
  for (let i = 0; i < agents; i++) stores.start(world.createEntity(prefab), i)
  return {
    name: 'piecs',
    tick: () => world.update(),
    sums: () => stores.sums(Array.from(prefab.entities)),
  }
}

export function miniplex(agents: number): Peer {
  type Mayfly = { x: number; y: number; lineage: number; age: number }
  const world = new MiniplexWorld<Mayfly>()
  const living = world.with('x', 'y', 'lineage', 'age')
  for (let i = 0; i < agents; i++) world.add(startOf(i))
  return {
    name: 'miniplex',
    tick() {
      const old: Mayfly[] = []
      for (const mayfly of living) if (++mayfly.age >= LIFE) old.push(mayfly)
      for (const parent of old) {
        world.add({ x: parent.x, y: parent.y + 1, lineage: parent.lineage, age: 0 })
        world.remove(parent)
      }
    },
    sums: () => sumsOf(living, mayfly => mayfly),
  }
}

// Images of a simulation's world, taken between two batches: by the crew, each thread its share, or by the main thread
// alone where a host asks for one inside read().
import type { WorldMemory } from '../memory/world.js'
import { type CapturePart, type CapturePlan, captureShare, planCapture } from '../state/capture.js'
import {
  type FrozenPartition,
  type FrozenSection,
  frozenSections,
  stateSections,
  withRows,
} from '../state/frozen-sections.js'
import type { Section, StateHead, StateImage } from '../state/image.js'
import type { OpenWorld } from './open-world.js'
import { schemaOf } from './schema-of.js'

/** What of a head changes from tick to tick. */
export interface Position {
  readonly tick: number
  /** The number of the next command. */
  readonly commands: number
  readonly shed: Readonly<Record<string, number>>
}

function headOf({ plan }: OpenWorld, position: Position): StateHead {
  const { scenario, options, layout } = plan
  return {
    scenario: scenario.name,
    schema: schemaOf(scenario),
    seed: options.seed,
    params: plan.params,
    blocks: Object.fromEntries(layout.populations.map(p => [p.name, p.block])),
    ...position,
  }
}

/** Memory of images that are needed no more, to be used again: fresh pages cost more than the copy into them. */
export class ImageMemory {
  #spare: SharedArrayBuffer[] = []

  /** At least `bytes`; what lies there is undefined. */
  take(bytes: number): SharedArrayBuffer {
    const found = this.#spare.find(b => b.byteLength >= bytes && b.byteLength <= bytes * 2 + 65_536)
    this.#spare = this.#spare.filter(b => b !== found)
    return found ?? new SharedArrayBuffer(Math.ceil((bytes * 9) / 8)) // worlds grow
  }

  /** Gives memory back. One is kept. */
  give(buffer: ArrayBufferLike): void {
    if (buffer instanceof SharedArrayBuffer) this.#spare = [buffer]
  }
}

/** Fills the sections of frozen partitions, which are the last ones. */
function fillFrozen(plan: CapturePlan, frozen: readonly FrozenSection[], buffer: ArrayBufferLike): void {
  const first = plan.sections.length - frozen.length
  for (const [i, { write }] of frozen.entries()) write(buffer, plan.sections[first + i])
}

/** The whole world as it is now, copied by its crew, those who sleep included. Between batches. */
export async function captureWorld(world: OpenWorld, position: Position): Promise<StateImage> {
  world.memory.refresh()
  const frozen = frozenSections(world.memory, await Promise.all(world.frozen.rows()))
  return captureByCrew(world, position, frozen, { where: false })
}

/** The world as it is now for a checkpoint: rows of frozen partitions stay where they are. Between batches. */
export async function captureCheckpoint(
  world: OpenWorld,
  position: Position,
  memory?: ImageMemory,
): Promise<StateImage> {
  world.memory.refresh()
  const { apart, sections } = world.frozen.forCheckpoint()
  const states = [...stateSections(world.memory), ...sections]
  const image = await captureByCrew(world, position, states, { where: true }, memory)
  return apart.length === 0 ? image : { ...image, apart }
}

async function captureByCrew(
  world: OpenWorld,
  position: Position,
  frozen: readonly FrozenSection[],
  { where }: { readonly where: boolean },
  memory?: ImageMemory,
): Promise<StateImage> {
  const plan = planCapture(world.memory, world.plan.options.threads, { where, beyond: frozen })
  const buffer = memory?.take(plan.bytes) ?? new SharedArrayBuffer(plan.bytes)
  await world.crew.capture(plan, buffer)
  fillFrozen(plan, frozen, buffer)
  return { head: headOf(world, position), sections: plan.sections, buffer }
}

/** The world as it is now, copied by the calling thread; a promise where frozen partitions have to be fetched. Between batches. */
export function captureHere(world: OpenWorld, position: Position): StateImage | Promise<StateImage> {
  const { memory } = world
  memory.refresh()
  const head = headOf(world, position)
  const rows = world.frozen.rows()
  const fetched = rows.filter(r => r instanceof Promise)
  if (fetched.length === 0) return captureWith(memory, head, frozenSections(memory, rows as FrozenPartition[])) // no promises
  // The world goes on while they come: what changes with it is copied now, and what is frozen stays as it is.
  const now = captureWith(memory, head, frozenSections(memory, []))
  return Promise.all(rows).then(all => withRows(now, all))
}

function captureWith(memory: WorldMemory, head: StateHead, frozen: readonly FrozenSection[]): StateImage {
  const plan = planCapture(memory, 1, { beyond: frozen })
  const buffer = new SharedArrayBuffer(plan.bytes)
  captureShare(memory, plan, buffer, 0)
  fillFrozen(plan, frozen, buffer)
  return { head, sections: plan.sections, buffer }
}

/** A part of the world as it is now, copied by its crew. Between batches. */
export async function capturePart(
  world: OpenWorld,
  part: CapturePart,
  memory: ImageMemory,
): Promise<{ sections: readonly Section[]; buffer: SharedArrayBuffer }> {
  world.memory.refresh()
  const plan = planCapture(world.memory, world.plan.options.threads, { part })
  const buffer = memory.take(plan.bytes)
  if (plan.sections.length > 0) await world.crew.capture(plan, buffer)
  return { sections: plan.sections, buffer }
}

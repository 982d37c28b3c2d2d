// Images of a simulation's world, taken between two batches: by the crew, each thread its share, or by the main thread
// alone where a host asks for one inside read().
import { type CapturePart, captureShare, planCapture } from '../state/capture.js'
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

/** The world as it is now, copied by its crew. Between batches. */
export async function captureWorld(world: OpenWorld, position: Position, memory?: ImageMemory): Promise<StateImage> {
  world.memory.refresh()
  const plan = planCapture(world.memory, world.plan.options.threads)
  const buffer = memory?.take(plan.bytes) ?? new SharedArrayBuffer(plan.bytes)
  await world.crew.capture(plan, buffer)
  return { head: headOf(world, position), sections: plan.sections, buffer }
}

/** The world as it is now, copied by the calling thread. Between batches. */
export function captureHere(world: OpenWorld, position: Position): StateImage {
  world.memory.refresh()
  const plan = planCapture(world.memory, 1)
  const buffer = new SharedArrayBuffer(plan.bytes)
  captureShare(world.memory, plan, buffer, 0)
  return { head: headOf(world, position), sections: plan.sections, buffer }
}

/** A part of the world as it is now, copied by its crew. Between batches. */
export async function capturePart(
  world: OpenWorld,
  part: CapturePart,
  memory: ImageMemory,
): Promise<{ sections: readonly Section[]; buffer: SharedArrayBuffer }> {
  world.memory.refresh()
  const plan = planCapture(world.memory, world.plan.options.threads, part)
  const buffer = memory.take(plan.bytes)
  if (plan.sections.length > 0) await world.crew.capture(plan, buffer)
  return { sections: plan.sections, buffer }
}

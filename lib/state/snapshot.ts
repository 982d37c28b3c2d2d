// StateSnapshot: a world's whole state at one tick as bytes that can be kept, sent and read again by WorldState.
import { PopulaceError } from '../core/errors.js'
import { threadCodec } from './codec.js'
import { encodeWhole } from './coding.js'
import { joinParts } from './container.js'
import { imageBytes, type StateImage } from './image.js'
import { type StateDiff, WorldState } from './world-state.js'

/** What a snapshot can be taken of: a simulation, the world that a host is given, or a state. */
export interface Captured {
  /** @internal */
  captureImage(): StateImage | Promise<StateImage>
}

export class StateSnapshot {
  readonly state: WorldState
  /** The bytes: see docs/state.md. */
  readonly compressedData: Uint8Array

  private constructor(state: WorldState, compressedData: Uint8Array) {
    this.state = state
    this.compressedData = compressedData
  }

  /**
   * Takes a snapshot: of a simulation, which is held up between two ticks while its threads copy it; of a world inside
   * `read` or between runs, copied by the calling thread; or of a state. OPTION_INVALID, SIM_CLOSED, SIM_FAILED.
   */
  static async create(of: Captured | WorldState): Promise<StateSnapshot> {
    if (of instanceof WorldState) return new StateSnapshot(of, await of.compress())
    if (typeof (of as Partial<Captured> | null)?.captureImage !== 'function')
      throw new PopulaceError(
        'OPTION_INVALID',
        `StateSnapshot.create was given ${of === null ? 'null' : `a ${typeof of}`}`,
        'Give a simulation, its world, or a WorldState.',
      )
    const { parts, sealed } = await encodeWhole(await of.captureImage(), threadCodec)
    return new StateSnapshot(new WorldState(sealed), joinParts(parts))
  }

  /** Ticks done. */
  get tick(): number {
    return this.state.tick
  }

  /** The name of the state: see WorldState.id. */
  get id(): string {
    return this.state.id
  }

  /** Bytes of the state before it was compressed. */
  get rawBytes(): number {
    return imageBytes(this.state.image.sections)
  }

  /** What changed since `previous`. */
  createDiff(previous: StateSnapshot | WorldState): Promise<StateDiff> {
    return this.state.createDiff(previous instanceof StateSnapshot ? previous.state : previous)
  }
}

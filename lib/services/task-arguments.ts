// The arguments of a task from the call of enqueue to the thread that runs it. They are copied when they are given, so that
// what the caller changes afterwards changes nothing, and what cannot cross a thread is refused there and then.
import type { Transferable } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { PopulaceError } from '../core/errors.js'

/** Arguments that nobody else has, and what of them is moved when they are sent for the last time. */
export interface OwnArguments {
  readonly args: unknown
  readonly transferList: readonly Transferable[]
}

const NOTHING: readonly Transferable[] = []

/**
 * Copies arguments, and moves what is in `transferList` or came out of Piscina.move. @param once - whether they are sent once
 * and no more. TASK_INVALID, OPTION_INVALID.
 */
export function ownArguments(given: unknown, transferList: readonly Transferable[], once: boolean): OwnArguments {
  const isObject =
    (typeof given === 'object' && given !== null) || typeof given === 'function' || typeof given === 'symbol'
  if (!isObject && transferList.length === 0) return { args: given, transferList: NOTHING }
  const moved = movedBy(given)
  const args = moved === undefined ? given : moved.value
  const transfer = moved === undefined ? transferList : [...transferList, moved.transferable]
  if (!once && !transfer.every(item => item instanceof ArrayBuffer)) {
    const remedy = 'Enqueue it once and without retries: what is no ArrayBuffer can be sent once.'
    throw new PopulaceError(
      'OPTION_INVALID',
      'A task that may run again is to be given something that can only be moved',
      remedy,
    )
  }
  try {
    if (transfer.length === 0) return { args: structuredClone(args), transferList: NOTHING }
    // Both in one copy: the list then names the parts of the copy.
    return structuredClone({ args, transferList: transfer }, { transfer: [...transfer] })
  } catch (error) {
    const why = (error as Error).message.replace(/\.$/, '')
    const remedy = 'Give plain data, buffers and what else postMessage takes, and list nothing twice in transferList.'
    throw new PopulaceError('TASK_INVALID', `The arguments of a task cannot cross a thread: ${why}`, remedy, error)
  }
}

/** What Piscina.move was given, if `given` is what it gave. */
function movedBy(given: unknown): { value: unknown; transferable: Transferable } | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { transferableSymbol, valueSymbol } = Piscina
  if (!(transferableSymbol in given && valueSymbol in given)) return undefined
  const parts = given as Record<symbol, unknown>
  return { value: parts[valueSymbol], transferable: parts[transferableSymbol] as Transferable }
}

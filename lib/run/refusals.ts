// Why a simulation refuses what it is asked: it is closed, has failed, is running, or was aborted.
import { PopulaceError } from '../core/errors.js'

/** Used after close. SIM_CLOSED. */
export function closed(): PopulaceError {
  return new PopulaceError('SIM_CLOSED', 'The simulation is closed', 'Make a new one.')
}

/** Asked for what can only be done between runs. SIM_RUNNING. */
export function running(what: string): PopulaceError {
  return new PopulaceError(
    'SIM_RUNNING',
    `${what} was asked for while a run goes on`,
    what === 'world' ? 'Use sim.read, or wait for the run.' : 'Wait for the run, or stop it.',
  )
}

/** Ended by its signal. ABORTED. */
export function aborted(signal: AbortSignal): PopulaceError {
  return new PopulaceError(
    'ABORTED',
    'The run was aborted',
    'The simulation stands between two ticks and may run on.',
    signal.reason,
  )
}

/** Used after it had failed; the first error is the cause. SIM_FAILED. */
export function failed(cause: unknown): PopulaceError {
  return new PopulaceError(
    'SIM_FAILED',
    'The simulation has failed',
    'See the cause; close it and make a new one.',
    cause,
  )
}

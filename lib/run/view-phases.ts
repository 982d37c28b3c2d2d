// The phases in which sorted views are made anew before the engines that sense them, and the notes that engines leave
// for views when they have written what these are made of. The views of a stage share their barriers.
import type { SortedView } from '../exchange/sorted-view.js'
import { changedBy, type Views } from '../exchange/views.js'
import { isDue, type KernelEngine } from '../schedule/engine.js'
import type { Phase } from './phases.js'

interface Sensed {
  readonly view: SortedView
  readonly engines: readonly KernelEngine[]
}

function phase(sensed: readonly Sensed[], step: number): Phase {
  // Items of each view, of the tick that items was asked about last: before the first item of every phase.
  const sizes = new Int32Array(sensed.length)
  return {
    items(tick) {
      let n = 0
      for (let k = 0; k < sensed.length; k++) {
        const { view, engines } = sensed[k]
        sizes[k] = engines.some(e => isDue(e, tick)) ? view.steps[step].items() : 0
        n += sizes[k]
      }
      return n
    },
    run(item) {
      let left = item
      for (let k = 0; k < sensed.length; k++) {
        if (left < sizes[k]) return sensed[k].view.steps[step].run(left)
        left -= sizes[k]
      }
    },
    serial(tick) {
      sensed.forEach(({ view, engines }, k) => {
        const who = engines.find(e => isDue(e, tick))?.name
        if (sizes[k] > 0) view.steps[step].serial?.(`engine '${who}'`)
      })
    },
  }
}

/** Makes what the engines of a stage sense, where it has changed. */
export function viewPhases(engines: readonly KernelEngine[], views: Views): Phase[] {
  const all = new Set(engines.flatMap(e => views.sensedBy(e)))
  if (all.size === 0) return []
  const sensed = [...all].map(view => ({ view, engines: engines.filter(e => views.sensedBy(e).includes(view)) }))
  return sensed[0].view.steps.map((_, step) => phase(sensed, step))
}

/** The run phase of a stage, after which views know what was written. */
export function notingWrites(run: Phase, engines: readonly KernelEngine[], views: Views): Phase {
  const notes = engines.flatMap(engine => {
    const note = views.noteOf(changedBy(engine))
    return note ? [{ engine, note }] : []
  })
  if (notes.length === 0) return run
  return {
    ...run,
    serial(tick) {
      run.serial?.(tick)
      for (const { engine, note } of notes) if (isDue(engine, tick)) note()
    },
  }
}

// Numbers and states out of the status of a component, whatever it is: a pool, a cache, a queue, a breaker. Numbers are
// named by their path in it, `waits.totalMs` as waits_total_seconds; of text only what is called state is taken, for
// other text could be anything.
import { MAX_COMPONENT_FIGURES, MAX_LABEL_LENGTH } from '../core/limits.js'

/** What a component says of itself. */
export interface ComponentFigures {
  readonly numbers: ReadonlyMap<string, number>
  /** By the name of the figure: 'ready', 'half-open'. */
  readonly states: ReadonlyMap<string, string>
  /** Figures that there was no room for. */
  readonly left: number
}

const snake = (name: string) =>
  name
    .replace(/[^a-zA-Z0-9]+/g, '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()

/** Walks through plain objects; lists, text and functions are left out. */
export function componentFigures(status: unknown): ComponentFigures {
  const numbers = new Map<string, number>()
  const states = new Map<string, string>()
  let left = 0
  const seen = new Set<object>()
  const put = <T>(into: Map<string, T>, name: string, value: T) => {
    if (numbers.size + states.size < MAX_COMPONENT_FIGURES && name.length <= MAX_LABEL_LENGTH) into.set(name, value)
    else left++
  }
  const walk = (at: object, path: string) => {
    if (seen.has(at)) return
    seen.add(at)
    for (const [key, value] of Object.entries(at)) {
      const name = path + snake(key)
      if (typeof value === 'boolean') put(numbers, name, value ? 1 : 0)
      else if (typeof value === 'number') {
        if (name.endsWith('_ms')) put(numbers, name.replace(/_ms$/, '_seconds'), value / 1000)
        else put(numbers, name, value)
      } else if (typeof value === 'string') {
        if (key === 'state' && value.length <= MAX_LABEL_LENGTH) put(states, name, value)
      } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) walk(value, `${name}_`)
    }
  }
  if (typeof status === 'object' && status !== null) walk(status, '')
  return { numbers, states, left }
}

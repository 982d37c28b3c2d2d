// Components whose status is asked for at each scrape. One that throws, rejects or does not answer in time is left out and
// counted; the others are shown all the same.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { MAX_COMPONENT_NAME, MAX_COMPONENTS, OBSERVE_TIMEOUT_MS } from '../core/limits.js'
import { type ComponentFigures, componentFigures } from './component-figures.js'
import { line, type MetricDefinition, type MetricLine } from './metric-lines.js'
import { metricInvalid } from './metrics-options.js'

interface Component {
  readonly read: () => unknown
  failures: number
  /** It has not answered yet: it is not asked again, or what waits for it would pile up. */
  isAsked: boolean
}

/** A metric of components, and what it comes to. */
interface ComponentMetric extends MetricDefinition {
  lines(component: string, figures: ComponentFigures): readonly MetricLine[]
}

export const COMPONENT_METRICS: readonly ComponentMetric[] = [
  {
    name: 'populace_component',
    type: 'gauge',
    unit: 'by figure',
    labels: ['component', 'figure'],
    help: 'Numbers in the status of a component.',
    lines: (component, { numbers }) => [...numbers].map(([figure, value]) => line(value, { component, figure })),
  },
  {
    name: 'populace_component_state',
    type: 'gauge',
    unit: '1',
    labels: ['component', 'figure', 'state'],
    help: 'The state that a component is in.',
    lines: (component, { states }) => [...states].map(([figure, state]) => line(1, { component, figure, state })),
  },
]

export class Components {
  readonly #clock: Clock
  readonly #all = new Map<string, Component>()
  /** Figures that there was no room for, in all. */
  left = 0
  #reading: Promise<ReadonlyMap<string, ComponentFigures>> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Asks `read` at each scrape; gives what ends that. METRIC_INVALID, DUPLICATE_NAME. */
  observe(name: string, read: () => unknown): () => void {
    if (typeof name !== 'string' || name === '' || name.length > MAX_COMPONENT_NAME)
      throw metricInvalid('A component to observe has no name', `Give text of 1 to ${MAX_COMPONENT_NAME} characters.`)
    if (typeof read !== 'function')
      throw metricInvalid(`Component '${name}' cannot be asked`, `Write observe('${name}', () => it.status()).`)
    if (this.#all.has(name))
      throw new PopulaceError('DUPLICATE_NAME', `A component '${name}' is observed already`, 'Give it another name.')
    if (this.#all.size >= MAX_COMPONENTS)
      throw metricInvalid(
        `${MAX_COMPONENTS} components are observed already`,
        'End the observation of those that are gone.',
      )
    const component: Component = { read, failures: 0, isAsked: false }
    this.#all.set(name, component)
    return () => {
      if (this.#all.get(name) === component) this.#all.delete(name)
    }
  }

  /** What each says now; whoever asks meanwhile is given the same. */
  figures(): Promise<ReadonlyMap<string, ComponentFigures>> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<ReadonlyMap<string, ComponentFigures>> {
    const found = new Map<string, ComponentFigures>() // in the order of their answers
    const ask = async ([name, component]: [string, Component]) => {
      try {
        const figures = componentFigures(await this.#answer(component))
        this.left += figures.left
        found.set(name, figures)
      } catch {
        component.failures++ // shown by the scrape: a component that is down is no reason to show nothing
      }
    }
    await Promise.all([...this.#all].map(ask))
    return found
  }

  async #answer(component: Component): Promise<unknown> {
    if (component.isAsked) throw new Error('it has not answered the last time')
    component.isAsked = true
    return new Promise((resolve, reject) => {
      const stop = this.#clock.after(OBSERVE_TIMEOUT_MS, () => reject(new Error('it does not answer')))
      const answered = () => {
        component.isAsked = false
        stop()
      }
      Promise.resolve().then(component.read).finally(answered).then(resolve, reject)
    })
  }

  /** By name, how often it could not be asked. */
  get failures(): MetricLine[] {
    return [...this.#all].map(([component, { failures }]) => line(failures, { component }))
  }
}

// Patterns of topics as a tree of their segments, and what is subscribed to each. A topic is segments between dots; in a
// pattern `*` stands for one segment and `**` for any number of them, none included.
//
// All patterns are followed at once, one segment of the topic after another, so the time goes with the places reached in
// the tree and not with the number of patterns, and no pattern, however odd, takes more than that.
import { PopulaceError } from '../core/errors.js'
import { MAX_TOPIC_LENGTH } from '../core/limits.js'

interface Place<T> {
  readonly next: Map<string, Place<T>>
  readonly values: Set<T>
  /** Whether it was reached by `**`, and so stays where it is for every segment. */
  readonly deep: boolean
}

export class TopicTree<T> {
  readonly #root: Place<T> = { next: new Map(), values: new Set(), deep: false }

  add(pattern: string, value: T): void {
    let at = this.#root
    for (const segment of pattern.split('.')) {
      let next = at.next.get(segment)
      if (next === undefined) {
        next = { next: new Map(), values: new Set(), deep: segment === '**' }
        at.next.set(segment, next)
      }
      at = next
    }
    at.values.add(value)
  }

  /** Takes out what was added, and every place that nothing needs any more. */
  delete(pattern: string, value: T): void {
    const trail = [this.#root]
    const segments = pattern.split('.')
    for (const segment of segments) trail.push(trail[trail.length - 1].next.get(segment) as Place<T>)
    trail[segments.length].values.delete(value)
    for (let depth = segments.length; depth > 0; depth--) {
      const { next, values } = trail[depth]
      if (values.size > 0 || next.size > 0) return
      trail[depth - 1].next.delete(segments[depth - 1])
    }
  }

  /** Everything whose pattern matches a topic. */
  match(topic: string): T[] {
    let reached = new Set<Place<T>>()
    reach(reached, this.#root)
    for (const segment of topic.split('.')) {
      const further = new Set<Place<T>>()
      for (const place of reached) {
        if (place.deep) reach(further, place)
        reach(further, place.next.get(segment))
        reach(further, place.next.get('*'))
      }
      reached = further
    }
    return [...reached].flatMap(place => [...place.values])
  }
}

/** Adds a place, and what `**` after it reaches with no segment at all. */
function reach<T>(reached: Set<Place<T>>, place: Place<T> | undefined): void {
  if (place === undefined || reached.has(place)) return
  reached.add(place)
  reach(reached, place.next.get('**'))
}

/** TOPIC_INVALID when `topic` is no topic that an event can have. */
export function checkTopic(topic: unknown): asserts topic is string {
  checkSegments(topic, 'A topic')
  if (topic.includes('*')) throw invalid('A topic', topic, 'has a wildcard', 'Wildcards belong in patterns.')
}

/** TOPIC_INVALID when `pattern` is no pattern. */
export function checkPattern(pattern: unknown): asserts pattern is string {
  checkSegments(pattern, 'A pattern')
  if (pattern.split('.').every(segment => !segment.includes('*') || segment === '*' || segment === '**')) return
  throw invalid('A pattern', pattern, 'has a wildcard inside of a segment', "Give '*' or '**' a segment of its own.")
}

function checkSegments(text: unknown, what: string): asserts text is string {
  if (typeof text !== 'string') throw invalid(what, text, 'is no text', "Give text such as 'npc.born'.")
  if (text.length > MAX_TOPIC_LENGTH) {
    const most = `Use up to ${MAX_TOPIC_LENGTH} characters, and put the rest in the payload.`
    throw invalid(what, text, `has ${text.length} characters`, most)
  }
  if (text.split('.').every(segment => segment !== '')) return
  throw invalid(what, text, 'has an empty segment', "Put something between the dots, as in 'npc.born'.")
}

function invalid(what: string, given: unknown, why: string, remedy: string): PopulaceError {
  const shown = typeof given === 'string' ? `'${given.length > 60 ? `${given.slice(0, 60)}…` : given}'` : typeof given
  return new PopulaceError('TOPIC_INVALID', `${what}, ${shown}, ${why}`, remedy)
}

import fc from 'fast-check'
import { test } from 'tap'
import { checkPattern, checkTopic, TopicTree } from '../../lib/services/topic-tree.js'
import { refused } from '../fixtures/refused.js'

/** Whether a pattern matches, by recursion: the definition itself. */
function matches(pattern: readonly string[], topic: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return topic.length === 0
  if (first === '**') return matches(rest, topic) || (topic.length > 0 && matches(pattern, topic.slice(1)))
  return topic.length > 0 && (first === '*' || first === topic[0]) && matches(rest, topic.slice(1))
}

const found = (patterns: string[], topic: string) => {
  const tree = new TopicTree<string>()
  for (const pattern of patterns) tree.add(pattern, pattern)
  return tree.match(topic).sort()
}

test('a star is one segment, two stars are any number of them', async t => {
  const patterns = ['npc', 'npc.*', 'npc.**', '**', '*', 'npc.*.born', 'npc.**.born', '**.born', '**.**']
  t.strictSame(found(patterns, 'npc'), ['*', '**', '**.**', 'npc', 'npc.**'])
  t.strictSame(found(patterns, 'npc.born'), ['**', '**.**', '**.born', 'npc.*', 'npc.**', 'npc.**.born'])
  t.strictSame(found(patterns, 'npc.7.born'), ['**', '**.**', '**.born', 'npc.**', 'npc.**.born', 'npc.*.born'])
  t.strictSame(found(patterns, 'tick'), ['*', '**', '**.**'])
})

test('a tree finds what the definition does, each once, and after deletions too', async t => {
  const segment = fc.constantFrom('a', 'b')
  const pattern = fc.array(fc.oneof(segment, fc.constantFrom('*', '**')), { minLength: 1, maxLength: 5 })
  const topics = fc.array(segment, { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.tuple(pattern, fc.boolean())), topics, (patterns, topic) => {
      const tree = new TopicTree<number>()
      for (const [i, [segments]] of patterns.entries()) tree.add(segments.join('.'), i)
      for (const [i, [segments, gone]] of patterns.entries()) if (gone) tree.delete(segments.join('.'), i)
      const expected = patterns.flatMap(([segments, gone], i) => (!gone && matches(segments, topic) ? [i] : []))
      const given = tree.match(topic.join('.')).sort((a, b) => a - b)
      return given.length === expected.length && given.every((value, i) => value === expected[i])
    }),
  )
  t.pass()
})

test('the hardest pattern takes no longer than its length times that of the topic', async t => {
  const tree = new TopicTree<string>()
  tree.add(`${'**.a.'.repeat(40)}b`, 'hard')
  t.strictSame(tree.match('a.'.repeat(120) + 'c'), [], 'by trying all ways this would not end')
})

test('what is no topic or pattern is refused by what is wrong of it', async t => {
  refused(t, 'TOPIC_INVALID', /topic, number, is no text/, () => checkTopic(7))
  refused(t, 'TOPIC_INVALID', /topic, '', has an empty segment/, () => checkTopic(''))
  refused(t, 'TOPIC_INVALID', /'a\.\.b', has an empty segment/, () => checkTopic('a..b'))
  refused(t, 'TOPIC_INVALID', /'npc\.\*', has a wildcard/, () => checkTopic('npc.*'))
  refused(t, 'TOPIC_INVALID', /has 257 characters/, () => checkTopic('x'.repeat(257)))
  refused(t, 'TOPIC_INVALID', /pattern, undefined, is no text/, () => checkPattern(undefined))
  refused(t, 'TOPIC_INVALID', /'npc\.a\*', has a wildcard inside/, () => checkPattern('npc.a*'))
  refused(t, 'TOPIC_INVALID', /'\*\*\*', has a wildcard inside/, () => checkPattern('***'))
  refused(t, 'TOPIC_INVALID', /'\.a', has an empty segment/, () => checkPattern('.a'))
  checkTopic('x'.repeat(256))
  checkPattern('npc.*.**')
})

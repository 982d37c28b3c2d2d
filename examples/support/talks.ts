// What people say to each other: the question that a language model is put, what it is told, the form of its answer, and a
// stand-in that needs no model. It is no scenario.
import type { ChatMessage } from 'populace'
import type { Rumour } from './memories.js'

/** Somebody is to say something to a friend: of these rumours, or in reply to what the friend has said. */
export type Thought = {
  age: number
  rumours: Rumour[]
  heard: string | null
}

/** What is said. */
export type Saying = { say: string }

/** JSON Schema of a Saying. */
export const SAYING = {
  type: 'object',
  properties: { say: { type: 'string', maxLength: 200 } },
  required: ['say'],
  additionalProperties: false,
} as const

function told({ about, topic }: Rumour): string {
  return topic === 'child' ? `number ${about} had a child` : `number ${about} moved to town`
}

/** What a model is told of a thought. */
export function messagesOf({ age, rumours, heard }: Thought): readonly ChatMessage[] {
  const news = rumours.length === 0 ? 'You know of no news.' : `You heard that ${rumours.map(told).join(', that ')}.`
  return [
    { role: 'system', content: 'You live in a small town. Say one short sentence to a friend, as JSON.' },
    {
      role: 'user',
      content: `You are ${age} years old. ${news} ${heard === null ? 'Begin.' : `Your friend said: ${heard}`}`,
    },
  ]
}

const OPENINGS = ['Have you heard', 'They say that', 'Between us,', 'Who would have thought it:']
const REPLIES = ['So I was told.', 'You do not say!', 'I never believed it.', 'Good for them.']

/** What is said where there is no model: a function of the thought alone. */
export function plainSaying({ age, rumours, heard }: Thought): Saying {
  const newest = rumours.at(-1)
  if (heard !== null) return { say: REPLIES[(age + heard.length) % REPLIES.length] }
  return { say: newest ? `${OPENINGS[age % OPENINGS.length]} ${told(newest)}` : 'Fine weather today.' }
}

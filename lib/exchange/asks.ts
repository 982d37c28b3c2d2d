// Asking and hearing: kernels put questions into a stream; when the engine ends they are taken into the box of their ask in
// the order of the blocks. What became of them comes to the engines that hear them through an inbox, as messages do.

import type { AskBox } from '../memory/ask-box.js'
import type { AnyArray, View } from '../memory/column-types.js'
import type { DocumentReader, DocumentStore, DocumentWriter } from '../memory/documents.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { Inbox } from './mail.js'
import { SENDER } from './needs.js'
import type { Staging, Stream } from './streams.js'
import type { Turn } from './turn.js'

/** What a kernel asks with. */
export type Asker = (row: number, question: unknown, token?: number) => void

/** What a kernel hears: of the agent in row r what became of its asks is [first[r], first[r + 1]), in the order of asking. */
export interface Heard {
  readonly first: View
  /** 0 ok, 1 late, 2 failed, 3 refused. */
  readonly status: View
  /** The number that the asker gave with the question; 0 where it gave none. */
  readonly token: View
  /** A fresh copy of an answer; undefined: the status is not ok. */
  answer(i: number): unknown
}

/** The asking side of a kind of ask. */
export class Asking {
  readonly stream: Stream
  readonly box: AskBox

  constructor(box: AskBox, stream: Stream) {
    this.box = box
    this.stream = stream
  }

  /** What a kernel over `senders` asks with. OUTPUT_ROW, DOCUMENT_INVALID, DOCUMENT_TOO_LARGE, DOCUMENTS_FULL. */
  asker(
    staging: Staging,
    senders: PopulationMemory,
    turn: Turn,
    began?: (row: number, at: number) => void,
    documents?: DocumentStore,
  ): Asker {
    const { name } = this.box.mailbox.layout
    const head = {
      ...{ does: `asks '${name}' for`, parameters: '', fill: 'from[at] = ids[row]' },
      constants: { from: staging.arrays.get(SENDER), ids: senders.id },
    }
    const draft = staging.draft(turn, head, [SENDER], began, documents) as { add(row: number): number } & {
      readonly question: DocumentWriter
      readonly token: Float64Array
    } // the columns of a stream of asks, see needs.ts
    const { question: questions, token: tokens } = draft
    return (row, question, token = 0) => {
      const at = draft.add(row)
      tokens[at] = token
      questions.set(at, question ?? null) // as a scenario in JavaScript may
    }
  }

  /** By one thread: takes in what was asked in the blocks of `senders` by the engine of this number. */
  commit(senders: PopulationMemory, tick: number, engine: number): void {
    const { count, start, thread, stagings, capacity } = this.stream
    const { blockList, blocks } = senders.frames
    for (let i = 0; i < blocks; i++) {
      const frame = blockList[i]
      const n = count[frame]
      if (n === 0) continue
      count[frame] = 0
      const { arrays } = stagings[thread[frame]]
      const from = arrays.get(SENDER) as AnyArray // a stream of asks has all three columns
      const words = arrays.get('question') as AnyArray
      const tokens = arrays.get('token') as AnyArray
      const kept = Math.min(n, capacity - start[frame]) // a thread keeps as many as a box could hold at all
      for (let at = start[frame]; at < start[frame] + kept; at++)
        this.box.add(from[at], words[at * 2], words[at * 2 + 1], tokens[at], tick, engine)
      this.box.refuse(n - kept)
    }
  }
}

/** An inbox of asks as kernels see it. */
export function heard({ view }: Inbox): Heard {
  const { first, status, token } = view as Record<string, View> // the columns of ASK_COLUMNS
  const answers = view.answer as DocumentReader
  return { first, status, token, answer: i => answers.get(i) }
}

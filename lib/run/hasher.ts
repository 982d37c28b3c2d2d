// What the content hash is of in a world's memory, in whichever thread: its blocks, and the mail that waits.
import type { Mailbox } from '../memory/mailbox.js'
import type { WorldMemory } from '../memory/world.js'
import {
  checkHashPart,
  type Hashed,
  type HashedColumn,
  type HashedMail,
  type HashedRows,
  type HashPart,
  type HashSums,
  hashShare,
} from '../state/content-hash.js'

function hashedMail(kind: HashedMail['kind'], mailbox: Mailbox): HashedMail {
  const { layout, waiting, to, from, seen, columns, heap } = mailbox
  return {
    ...{ kind, name: layout.name, waiting, to, from, seen },
    columns: [...columns].map(([column, { array, layout: c }]): HashedColumn => {
      return { name: column, kind: c.kind, size: c.size, doc: c.doc ?? false, array }
    }),
    documents: heap?.bytes ?? new Uint8Array(0),
  }
}

function hashedWorld({ populations, partitions, mail, asks }: WorldMemory): Hashed {
  const names = partitions.names()
  return {
    populations: populations.map(({ layout, columns, frames, id, documents }): HashedRows => {
      const lasting = [...columns].filter(([, c]) => c.layout.data.reset === undefined)
      const spans = Array.from(frames.blockList.subarray(0, frames.blocks), frame => {
        const begin = frame * layout.block
        return { partition: names[frames.partitionOf[frame]], begin, end: begin + frames.rows[frame] }
      })
      return {
        name: layout.name,
        columns: lasting.map(([name, { array, size, layout: column }]): HashedColumn => {
          const { kind, doc } = column.data
          return { name, kind, size, doc, array }
        }),
        ids: id,
        documents: documents?.heap.bytes ?? new Uint8Array(0),
        spans,
      }
    }),
    mail: [
      ...[...mail.values()].map(mailbox => hashedMail('mail', mailbox)),
      ...[...asks.values()].map(({ mailbox }) => hashedMail('asks', mailbox)),
    ],
    leaving: populations.map(({ layout, leaving }) => ({ name: layout.name, all: leaving.any ? leaving.list() : [] })),
    partitions: names,
  }
}

/** Sums over every `of`-th block from block `share` on. POPULATION_UNKNOWN, COLUMN_UNKNOWN, OPTION_UNKNOWN, OPTION_INVALID. */
export function hashBlocks(memory: WorldMemory, part: HashPart, share: number, of: number): HashSums {
  const { populations } = memory
  checkHashPart(
    part,
    populations.map(p => p.layout.name),
    new Set(populations.flatMap(p => [...p.columns.keys()])),
  )
  return hashShare(hashedWorld(memory), part, share, of)
}

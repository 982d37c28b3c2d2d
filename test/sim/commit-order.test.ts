// What happens when an engine ends, case by case, in worlds of one population: each on several threads, with checks and
// by the reference, and as the rules of a tick say.
import t from 'tap'
import type { Act } from '../fixtures/world-spec.js'
import { ALL, alone, aloneIn, FRIEND, given, ID, inEveryWay, number, own, set, sum } from './small-worlds.js'

const CLAIM = { claims: [{ name: 'seat', by: 'person', on: 'person' }] }
const LETTER = {
  messages: [{ name: 'letter', to: 'person', capacity: 1000, columns: { n: { kind: 'f64', size: 1 } as const } }],
}
const later = (id: number, generation = 1) => generation * 2 ** 32 + id

t.test('an agent that dies in the engine in which it gives birth has a child, in a slot of its own', async t => {
  const { people, counters } = await inEveryWay(t, {
    kernels: [
      {
        spawns: { child: 'person' },
        despawns: true,
        program: [
          { does: 'despawn', ...alone(3) },
          { does: 'spawn', key: 'child', values: [given('x', ID)], ...alone(3) },
        ],
      },
    ],
  })
  t.notOk(people[0].has(3))
  t.equal(people[0].get(61)?.x, 3)
  t.notOk(people[0].has(later(3)), 'the slot is free from the next commit on only')
  t.match(counters[0].populations.person, { born: 61, died: 1 })
})

t.test('a slot that was freed is given to the next birth in a later engine, the lowest first', async t => {
  const { people } = await inEveryWay(t, {
    kernels: [
      {
        despawns: true,
        program: [
          { does: 'despawn', ...alone(50) },
          { does: 'despawn', ...alone(7) },
        ],
      },
      { spawns: { child: 'person' }, program: [{ does: 'spawn', key: 'child', values: [given('x', ID)], ...ALL }] },
    ],
  })
  t.equal(people[0].get(later(7))?.x, 1, 'the first birth')
  t.equal(people[0].get(later(50))?.x, 2)
  t.equal(people[0].get(61)?.x, 3)
})

t.test('to despawn twice is one death', async t => {
  const despawn = { does: 'despawn', ...alone(5) } as const
  const { counters, rows } = await inEveryWay(t, {
    kernels: [{ despawns: true, program: [despawn, despawn] }],
  })
  t.match(counters[0].populations.person, { died: 1 })
  t.equal(rows[0].length, 59)
})

t.test('death beats move, and of two moves the later one counts', async t => {
  const move = (id: number, partition: number) =>
    ({ does: 'move', partition: number(partition), ...alone(id) }) as const
  const { counters, rows } = await inEveryWay(t, {
    kernels: [
      { despawns: true, moves: true, program: [move(5, 1), { does: 'despawn', ...alone(5) }, move(6, 1), move(6, 2)] },
      { writes: ['x'], program: [set('x', { is: 'partition' })] },
    ],
  })
  t.match(counters[0].populations.person, { died: 1, moved: 1 })
  t.same(rows[0].at(-1), { ...rows[0].at(-1), id: 6, x: 2 }, 'it is the last one of the last partition')
})

t.test('moves keep (partition, block, row) order, and one to where an agent is already moves nobody', async t => {
  const { counters, rows } = await inEveryWay(t, {
    kernels: [{ moves: true, program: [{ does: 'move', partition: number(1), when: ID, of: 10 }] }],
  })
  t.match(counters[0].populations.person, { moved: 4 })
  t.same(
    rows[0].slice(-4).map(r => r.id),
    [10, 20, 30, 40],
  )
})

t.test('births are refused from where the population is full, whatever dies in that engine', async t => {
  const born = (key: string, n: number) =>
    ({ does: 'spawn', key, values: [given('x', ID), given('y', number(n))], ...ALL }) as const
  const { rows, counters } = await inEveryWay(t, {
    kernels: [
      {
        ...{ spawns: { child: 'person', other: 'person' }, despawns: true },
        program: [born('child', 1), { does: 'despawn', ...ALL }, born('other', 2)],
      },
    ],
  })
  t.match(counters[0].populations.person, { born: 80, died: 60, refusedBirths: 100 })
  const children = [...rows[0]].sort((a, b) => a.id - b.id)
  t.same(
    children.map(({ id, x, y }) => [id, x, y]),
    Array.from({ length: 20 }, (_, i) => [61 + i, 1 + Math.floor(i / 2), 1 + (i % 2)]),
    'the first twenty, parent by parent and call by call',
  )
})

t.test('births into other partitions get their ids in the order of the parents', async t => {
  const partition = { is: 'product', of: [ID, number(1)] } as const
  const { people, rows } = await inEveryWay(t, {
    people: { capacity: 200 },
    kernels: [
      {
        spawns: { child: 'person' },
        program: [{ does: 'spawn', key: 'child', partition, values: [given('x', ID)], ...ALL }],
      },
      { writes: ['y'], program: [set('y', { is: 'partition' })] },
    ],
  })
  for (let parent = 1; parent <= 60; parent++) {
    t.equal(people[0].get(60 + parent)?.x, parent)
    t.equal(people[0].get(60 + parent)?.y, parent % 3)
  }
  t.equal(rows[0].length, 120)
})

const CLAIM_FIRST = { does: 'claim', claim: 'seat', target: FRIEND, rank: number(1) } as const
/** Everybody's friend is 9; then x, y become what one knows of the contest. */
const TO_NINE = { writes: ['friend'], program: [set('friend', number(9))] }
const LOOK = {
  writes: ['x', 'y'],
  outcomes: ['seat'],
  program: [
    set('x', { is: 'won', claim: 'seat' }),
    set('y', sum({ is: 'winner', claim: 'seat' }, { is: 'target', claim: 'seat' })),
  ],
}

t.test('a claimer that dies in the engine in which it claims has won, and is somebody dead from then on', async t => {
  const { people } = await inEveryWay(t, {
    ...CLAIM,
    kernels: [
      TO_NINE,
      {
        ...{ reads: ['friend'], claims: ['seat'], despawns: true },
        program: [
          { ...CLAIM_FIRST, when: sum(ID, number(-4)), of: 7 },
          { does: 'despawn', ...alone(4) },
        ],
      },
      LOOK,
      // Nine looks for the winner, who is nobody now: x is -1.
      {
        ...{ writes: ['friend', 'x'], outcomes: ['seat'] },
        senses: { see: { kind: 'pick', population: 'person', columns: ['y'] } },
        program: [
          set('friend', { is: 'winner', claim: 'seat' }),
          set('x', { is: 'sensed', key: 'see', column: 'y', k: 0, target: FRIEND }),
        ],
      },
    ],
  })
  t.notOk(people[0].has(4))
  t.match(people[0].get(9), { y: 4, friend: 4, x: -1 })
  t.match(people[0].get(11), { y: 9 }, 'a loser knows whom it claimed')
})

t.test(
  'a winner that dies before the outcome is read has won all the same; a mover takes its outcome along',
  async t => {
    const { people, rows } = await inEveryWay(t, {
      ...CLAIM,
      kernels: [
        TO_NINE,
        { ...{ reads: ['friend'], claims: ['seat'] }, program: [{ ...CLAIM_FIRST, when: sum(ID, number(-4)), of: 7 }] },
        {
          ...{ despawns: true, moves: true },
          program: [
            { does: 'despawn', ...alone(4) },
            { does: 'move', partition: number(2), ...alone(9) },
            { does: 'move', partition: number(2), ...alone(11) },
          ],
        },
        LOOK,
      ],
    })
    t.match(people[0].get(9), { x: 0, y: 4 })
    t.match(people[0].get(11), { x: 0, y: 9 })
    t.same(
      rows[0].slice(-2).map(r => r.id),
      [9, 11],
    )
  },
)

t.test(
  'of two settlements of one claim in a tick the later stands for those whom it concerns, and for no others',
  async t => {
    const claim = (id: number, friend: number, i: number) => [
      { writes: ['friend'], program: [set('friend', number(friend))] },
      {
        ...{ reads: ['friend'], claims: ['seat'] },
        program: [{ ...CLAIM_FIRST, rank: number(i), when: sum(ID, number(-id)), of: 20 }],
      },
    ]
    const { people } = await inEveryWay(t, {
      ...CLAIM,
      kernels: [...claim(3, 9, 0), ...claim(3, 8, 0), ...claim(2, 9, 1), LOOK],
    })
    t.match(people[0].get(3), { x: 1, y: 8 }, 'it won 9, then 8')
    t.match(people[0].get(9), { y: 2 }, 'won by 3, then by 2')
    t.match(people[0].get(8), { y: 3 })
    t.match(people[0].get(23), { x: 0, y: 8 })
  },
)

t.test(
  'outcomes are empty when the next tick begins, for those too that commands make in slots used before',
  async t => {
    const acts: Act[] = [
      { does: 'despawn', population: 'person', count: 12 },
      { does: 'spawn', population: 'person', partition: 'north', count: 12 },
    ]
    const claimAll = { ...CLAIM_FIRST, when: number(0), of: 1 } as const
    const { people } = await inEveryWay(t, {
      ...CLAIM,
      kernels: [LOOK, TO_NINE, { ...{ reads: ['friend'], claims: ['seat'] }, program: [claimAll] }],
      runs: [
        { commands: [], ticks: 1 },
        { commands: [acts], ticks: 1 },
        { commands: [acts, acts], ticks: 2 },
      ],
    })
    for (const after of people) for (const { x, y } of after.values()) t.same([x, y], [0, 0])
    t.ok(
      [...people[2].keys()].some(id => id > 2 ** 32),
      'slots were used again',
    )
  },
)

t.test('a ref to the dead leads to nobody, even when somebody else lives in the slot', async t => {
  const see = { see: { kind: 'pick', population: 'person', columns: ['y'] } } as const
  const look = {
    writes: ['x'],
    reads: ['friend'],
    senses: see,
    program: [set('x', { is: 'sensed', key: 'see', column: 'y', k: 0, target: FRIEND } as const)],
  }
  const { people } = await inEveryWay(t, {
    kernels: [
      { writes: ['friend', 'y', 'gifts'], program: [set('friend', number(7)), set('y', ID), set('gifts', number(0))] },
      look,
      { despawns: true, program: [{ does: 'despawn', ...aloneIn(7, 0) }] },
      {
        spawns: { child: 'person' },
        program: [{ does: 'spawn', key: 'child', values: [given('y', number(70))], ...aloneIn(8, 0) }],
      },
      look,
      {
        ...{ reads: ['friend'], effects: { people: { kind: 'pick', population: 'person', columns: ['gifts'] } } },
        program: [{ does: 'effect', key: 'people', column: 'gifts', target: FRIEND, value: number(4) }],
      },
    ],
  })
  t.equal(people[0].get(1)?.friend, 7, 'it names whom it named')
  t.equal(people[0].get(1)?.x, -1)
  t.match(people[0].get(later(7)), { y: 70, gifts: 0 })
})

const SEND_NINE = {
  ...{ reads: ['friend'], sends: { letter: 'letter' } },
  program: [{ does: 'send', key: 'letter', to: number(9), values: [given('n', ID)], ...alone(4) }],
} as const
const READ = {
  ...{ writes: ['x', 'y'], receives: ['letter'] },
  program: [
    set('x', { is: 'mail', message: 'letter', what: 'from', column: 'n' }),
    set('y', { is: 'mail', message: 'letter', what: 'count', column: 'n' }),
  ],
} as const

t.test('mail of an agent that dies in the engine in which it sends arrives, with its id', async t => {
  const { people, counters } = await inEveryWay(t, {
    ...LETTER,
    kernels: [
      { ...SEND_NINE, despawns: true, program: [...SEND_NINE.program, { does: 'despawn', ...alone(4) }] },
      READ,
    ],
  })
  t.notOk(people[0].has(4))
  t.match(people[0].get(9), { x: 4, y: 1 })
  t.match(counters[0].messages.letter, { sent: 1, delivered: 1, waiting: 0 })
})

t.test('mail follows an agent that moves, also into a block that has its turn later', async t => {
  const { people, counters } = await inEveryWay(t, {
    ...LETTER,
    kernels: [
      { ...SEND_NINE, every: 100 },
      { moves: true, program: [{ does: 'move', partition: number(2), ...alone(9) }] },
      { ...READ, weight: 0.5, phase: 1 },
    ],
    runs: [
      { commands: [], ticks: 1 },
      { commands: [], ticks: 1 },
    ],
  })
  t.match(counters[0].messages.letter, { sent: 1, waiting: 1 }, 'block 0 has its turn in every second tick')
  t.match(people[1].get(9), { x: 4, y: 1 })
})

t.test('mail to the dead is dropped, and is not for whoever lives in the slot then', async t => {
  const { people, counters } = await inEveryWay(t, {
    ...LETTER,
    kernels: [
      SEND_NINE,
      { despawns: true, program: [{ does: 'despawn', ...alone(9) }] },
      { spawns: { child: 'person' }, program: [{ does: 'spawn', key: 'child', values: [], ...alone(1) }] },
      READ,
    ],
  })
  t.match(people[0].get(later(9)), { y: 0 })
  t.match(counters[0].messages.letter, { sent: 1, delivered: 0, dropped: 1, waiting: 0 })
})

t.test('a full mailbox refuses from where it is full, in the order of the senders', async t => {
  const { people, counters } = await inEveryWay(t, {
    messages: LETTER.messages.map(m => ({ ...m, capacity: 5 })),
    kernels: [{ ...SEND_NINE, program: [{ ...SEND_NINE.program[0], ...ALL }] }, READ],
  })
  t.match(people[0].get(9), { x: 5, y: 5 }, 'the last one that was taken is of agent 5')
  t.match(counters[0].messages.letter, { sent: 5, delivered: 5, refused: 55 })
})

t.test('what the dying do to others stands, and what is done to them harms nobody', async t => {
  const { people, events } = await inEveryWay(t, {
    events: [{ name: 'farewell', columns: { n: { kind: 'f64', size: 1 } } }],
    kernels: [
      { writes: ['friend', 'gifts'], program: [set('friend', sum(ID, number(1))), set('gifts', number(0))] },
      {
        ...{ reads: ['friend'], despawns: true, emits: ['farewell'] },
        effects: { people: { kind: 'pick', population: 'person', columns: ['gifts'] } },
        program: [
          { does: 'effect', key: 'people', column: 'gifts', target: FRIEND, value: number(4) },
          { does: 'despawn', when: ID, of: 2 },
          { does: 'emit', event: 'farewell', values: [given('n', own('friend'))], when: ID, of: 2 },
        ],
      },
    ],
  })
  t.equal(people[0].size, 30)
  for (const [id, { gifts }] of people[0]) t.equal(gifts, id === 1 ? 0 : 1, 'of somebody dead')
  t.same(
    events.map(e => [e.from, e.values.n, e.sequence]),
    Array.from({ length: 30 }, (_, i) => [2 * i + 2, 2 * i + 3, i]),
  )
})

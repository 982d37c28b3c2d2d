// The world of the plain reference: who lives where, what waits, and the ways in which that changes one thing at a time.
// Arrays of objects, no threads, no typed memory.

import { makeSequence } from '../../lib/core/sequence.js'
import { PURPOSE, streamKey } from '../../lib/core/threefry.js'
import { type ActWorld, drawValue } from '../fixtures/main-acts.js'
import { documentOf, numberOf } from '../fixtures/number-documents.js'
import type { Schema } from '../fixtures/row-program.js'
import {
  type ColumnSpec,
  type EventSpec,
  type MessageSpec,
  PARTITIONS,
  type PopulationSpec,
  type WorldSpec,
} from '../fixtures/world-spec.js'
import { Happened } from './happened.js'
import { ask, sleepers, stay } from './reference-frozen.js'
import {
  type Agent,
  blank,
  type Letter,
  takeAway,
  type Values,
  type WorldState,
  writeValue,
} from './reference-state.js'

export class ReferenceWorld {
  readonly spec: WorldSpec
  readonly schema: Schema
  readonly happened = new Happened()
  state: WorldState
  /** Of what is done now: -1 in setup. */
  tick = -1

  constructor(spec: WorldSpec) {
    this.spec = spec
    this.schema = {
      column: (of, column) => this.columns(of)[column],
      agents: ({ to }) => (to === undefined ? 1 : this.population(to).agents.reduce((n, [, count]) => n + count, 0)),
    }
    const counts = { born: 0, died: 0, moved: 0, refusedBirths: 0, refusedMoves: 0 }
    const empty = () => ({
      ...{ partitions: PARTITIONS.map(() => []), generations: [], free: [], counts: { ...counts } },
      ...{ asleep: {}, leaving: [] },
    })
    const unsent = () => ({ sent: 0, delivered: 0, dropped: 0, refused: 0 })
    this.state = {
      partitions: [...PARTITIONS],
      ...{ frozen: {}, asked: {}, woken: [] },
      mail: { letters: [], counts: Object.fromEntries(spec.messages.map(m => [m.name, unsent()])) },
      populations: Object.fromEntries(spec.populations.map(p => [p.name, empty()])),
    }
    const random = makeSequence(streamKey(spec.seed, '', PURPOSE.setup, 0))
    for (const p of spec.populations) {
      for (const [partition, count] of p.agents)
        this.acts().spawn(p.name, partition, count, c => drawValue(random, c, this.schema))
    }
  }

  population(name: string): PopulationSpec {
    return this.spec.populations.find(p => p.name === name) as PopulationSpec
  }

  message(name: string): MessageSpec {
    return this.spec.messages.find(m => m.name === name) as MessageSpec
  }

  /** Of a population, message or event. */
  columns(of: string): Readonly<Record<string, ColumnSpec>> {
    const event = this.spec.events.find(e => e.name === of) as EventSpec
    return (this.population(of) ?? this.message(of) ?? event).columns
  }

  /** All agents of a population who are awake, in (partition, block, row) order. */
  agents(population: string): Agent[] {
    return this.state.populations[population].partitions.flat()
  }

  find(population: string, id: number): Agent | undefined {
    return this.agents(population).find(a => a.id === id)
  }

  // ---- births, deaths, moves -------------------------------------------------------------------------------------------

  /** The lowest free slot and the next place of the partition. */
  bear(population: string, partition: string, values: Values): void {
    const state = this.state.populations[population]
    let number = this.state.partitions.indexOf(partition)
    if (number < 0) number = this.state.partitions.push(partition) - 1
    while (state.partitions.length <= number) state.partitions.push([])
    const freed = state.free.sort((a, b) => a - b).shift()
    const slot = freed ?? state.generations.push(0)
    if (freed !== undefined) this.happened.note('slots used again')
    const id = state.generations[slot - 1] * 2 ** 32 + slot
    state.partitions[number].push({ id, partition, turns: {}, born: this.tick, outcomes: {}, ...values })
    state.counts.born++
  }

  bury(population: string, agent: Agent): void {
    const state = this.state.populations[population]
    stay(this, population, agent)
    const slot = agent.id % 2 ** 32
    state.generations[slot - 1]++
    state.free.push(slot)
    takeAway(state.partitions[this.state.partitions.indexOf(agent.partition)], agent)
    state.counts.died++
  }

  move(population: string, agent: Agent, to: string): void {
    const { partitions, counts } = this.state.populations[population]
    takeAway(partitions[this.state.partitions.indexOf(agent.partition)], agent)
    agent.partition = to
    partitions[this.state.partitions.indexOf(to)].push(agent)
    counts.moved++
  }

  // ---- mail --------------------------------------------------------------------------------------------------------------

  /** Puts a letter with those that wait, unless there are too many. */
  post(message: string, to: number, from: number, by: string | undefined, values: Values): void {
    const { letters, counts } = this.state.mail
    if (letters.filter(m => m.message === message).length === this.message(message).capacity) {
      counts[message].refused++
      this.happened.note('refused mail')
      return
    }
    counts[message].sent++
    this.happened.note('sent')
    if (to === 0) this.happened.note('sent to nobody')
    const sentTo = this.find(this.message(message).to, to)?.partition
    const letter: Letter = { message, to, from, by, seen: [], tick: this.tick, sentTo, ...values }
    letters.push(letter)
    if (this.message(message).frozen === 'wake') this.wakeFor(message, to)
  }

  /** The partition in which an agent sleeps; undefined: it is awake, or there is no such agent. */
  sleepsIn(population: string, id: number): string | undefined {
    return sleepers(this, population).find(a => a.id === id)?.partition
  }

  /** What waits for somebody who sleeps wakes the partition. */
  wakeFor(message: string, to: number): void {
    const partition = this.sleepsIn(this.message(message).to, to)
    if (partition === undefined) return
    this.state.woken.push(partition)
    this.happened.note('mail that wakes')
  }

  // ---- what the main thread does ---------------------------------------------------------------------------------------

  /** The world as commands, main engines and setup change it: at once. */
  acts(): ActWorld {
    const nth = (population: string, n: number) => this.agents(population)[n]
    const made = (columns: Readonly<Record<string, ColumnSpec>>, value: (c: ColumnSpec) => number): Values => {
      const values = blank(columns)
      for (const [name, c] of Object.entries(columns))
        for (let k = 0; k < c.size; k++) writeValue(values, name, k, value(c))
      return values
    }
    return {
      size: population => this.agents(population).length,
      capacity: population => this.population(population).capacity - sleepers(this, population).length,
      columns: population => this.population(population).columns,
      freeze: partition => ask(this, 'freeze', partition),
      thaw: partition => ask(this, 'thaw', partition),
      spawn: (population, partition, count, value) => {
        if (partition in this.state.frozen) {
          this.happened.note('refusals of frozen partitions')
          if (count === 1) made(this.columns(population), value) // values are drawn before they are refused
          return
        }
        for (let i = 0; i < count; i++) this.bear(population, partition, made(this.columns(population), value))
      },
      despawn: (population, n) => this.bury(population, nth(population, n)),
      receivers: message => this.message(message).to,
      send: (message, n, value) => {
        const { to, columns } = this.message(message)
        this.post(message, nth(to, n)?.id ?? 0, 0, undefined, made(columns, value))
      },
      set: (population, n, column, values) => {
        for (const [k, v] of values.entries()) writeValue(nth(population, n), column, k, v)
      },
      update: (population, column, partition, change) => {
        const c = this.columns(population)[column]
        for (const { numbers, documents } of this.agents(population).filter(
          a => partition === undefined || a.partition === partition,
        )) {
          if (c.kind === 'doc') documents[column] = documentOf(change(c, numberOf(documents[column])))
          else numbers[column] = numbers[column].map(v => change(c, v))
        }
      },
    }
  }
}

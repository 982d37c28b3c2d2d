// Scenes: a few engines one after another in which much comes together that single random engines seldom bring about.
// Details are random; whether something comes of them is up to the world.
import type { ClaimSpec, GridSpec, MessageSpec, PopulationSpec, Step } from '../fixtures/world-spec.js'
import type { Draw } from './draw.js'
import type { Declared, Programmer } from './random-programs.js'

/** One engine of a scene: whose it is, and what it does. */
export interface Role {
  readonly home: PopulationSpec
  readonly steps: (programmer: Programmer) => readonly (Step | undefined)[]
}

/** Engines, each of which depends on the one before. */
export type Scene = readonly Role[]

/** Two engines make one claim, claimers go or die, and both sides read what came of it. */
function contest(d: Draw, { populations }: Declared, claim: ClaimSpec): Scene {
  const by = populations.find(p => p.name === claim.by) as PopulationSpec
  const on = populations.find(p => p.name === claim.on) as PopulationSpec
  const leave = d.of(['move', 'despawn'] as const)
  return [
    { home: by, steps: p => [p.claim(claim), ...(d.yes(1, 3) ? [p.deal(leave)] : [])] },
    ...(d.yes(2, 3) ? [{ home: by, steps: (p: Programmer) => [p.claim(claim)] }] : []),
    { home: by, steps: p => [p.deal('despawn'), p.deal('move'), p.deal('despawn')] },
    { home: by, steps: p => [p.write(p.outcome(claim)), p.step()] },
    { home: on, steps: p => [p.write(p.outcome(claim)), p.write(p.outcome(claim))] },
  ]
}

/** Some write, some of them die, receivers go or die, and read what there is. */
function post(d: Draw, { populations }: Declared, message: MessageSpec): Scene {
  const to = populations.find(p => p.name === message.to) as PopulationSpec
  const home = d.of(d.yes(1, 3) ? populations : populations.filter(p => p.shape === 'ordinary'))
  return [
    { home, steps: p => [p.send(message), p.send(message), p.deal('despawn')] },
    { home: to, steps: p => [p.deal(d.of(['move', 'move', 'despawn'] as const)), p.deal('spawn')] },
    { home: to, steps: p => [p.write(p.mail(message)), p.write(p.mail(message))] },
  ]
}

/** Agents give birth, twice and while they die or go, and others look at what is left. */
function family(d: Draw, { populations }: Declared): Scene {
  const kin = populations.filter(p => p.shape === 'ordinary')
  const home = d.of(kin)
  return [
    { home, steps: p => [...p.births(d.of(kin), 'both'), p.deal('despawn'), p.deal('spawn'), p.deal('move')] },
    { home: d.of(populations), steps: p => [p.step(), p.step(), p.deal('emit')] },
  ]
}

/** Agents look around in a grid and write down what they see, some of them where it changes what is seen. */
function gaze(d: Draw, { populations }: Declared, grid: GridSpec): Scene {
  const of = populations.find(p => p.name === grid.of) as PopulationSpec
  const look = (p: Programmer) => p.write(p.seen(grid))
  return [
    { home: d.of([of, d.of(populations)]), steps: p => [look(p), look(p), p.step()] },
    ...(d.yes(1, 2) ? [{ home: of, steps: (p: Programmer) => [look(p), p.deal('move')] }] : []),
  ]
}

/** Some of the scenes that a world allows. */
export function scenes(d: Draw, declared: Declared): Scene[] {
  const { claims, messages, grids, isCalm } = declared
  return [
    ...(claims.length > 0 && d.yes(2, 3) ? [contest(d, declared, d.of(claims))] : []),
    ...(messages.length > 0 && d.yes(2, 3) ? [post(d, declared, d.of(messages))] : []),
    ...(!isCalm && d.yes(1, 2) ? [family(d, declared)] : []),
    ...(grids.length > 0 && d.yes(1, 2) ? [gaze(d, declared, d.of(grids))] : []),
  ]
}

// The schedule as a graph in the languages of Mermaid and Graphviz: a box a stage, barriers from box to box, and dotted
// edges for declared dependencies. Pure: a view goes in, text comes out.
import type { EngineView, StageView } from './plan-view.js'

interface Node {
  readonly id: string
  readonly engine: EngineView
}

function number(stages: readonly StageView[]): Node[][] {
  let next = 0
  return stages.map(stage => stage.engines.map(engine => ({ id: `e${next++}`, engine })))
}

function title(stage: StageView, i: number): string {
  return stage.kind === 'main' ? `stage ${i + 1}: main thread` : `stage ${i + 1}`
}

function dependencies(nodes: readonly Node[][]): (readonly [string, string])[] {
  const all = nodes.flat()
  const ids = new Map(all.map(({ id, engine }) => [engine.name, id]))
  return all.flatMap(({ id, engine }) => engine.dependencies.map(d => [ids.get(d) ?? id, id] as const))
}

const label = ({ name, population }: EngineView, newline: string) =>
  population === undefined ? name : `${name}${newline}${population}`

/** For Mermaid. */
export function mermaid(stages: readonly StageView[]): string {
  const text = (s: string) => `"${s.replaceAll('"', '#quot;')}"`
  const nodes = number(stages)
  const lines = ['flowchart TD']
  stages.forEach((stage, i) => {
    lines.push(`  subgraph s${i}[${text(title(stage, i))}]`)
    for (const { id, engine } of nodes[i]) lines.push(`    ${id}[${text(label(engine, '<br/>'))}]`)
    lines.push('  end')
  })
  stages.forEach((stage, i) => {
    if (i > 0) lines.push(`  s${i - 1} ==>${stage.barrier === undefined ? '' : `|${text(stage.barrier)}|`} s${i}`)
  })
  for (const [from, to] of dependencies(nodes)) lines.push(`  ${from} -.-> ${to}`)
  return `${lines.join('\n')}\n`
}

/** For Graphviz. */
export function dot(name: string, stages: readonly StageView[]): string {
  const text = (s: string) => `"${s.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
  const nodes = number(stages)
  const lines = [`digraph ${text(name)} {`, '  compound=true', '  node [shape=box]']
  stages.forEach((stage, i) => {
    lines.push(`  subgraph cluster_${i} {`, `    label=${text(title(stage, i))}`)
    for (const { id, engine } of nodes[i]) lines.push(`    ${id} [label=${text(label(engine, '\n'))}]`)
    lines.push('  }')
  })
  stages.forEach((stage, i) => {
    if (i === 0) return
    const [from] = nodes[i - 1].slice(-1)
    const [to] = nodes[i]
    const why = stage.barrier === undefined ? '' : `, label=${text(stage.barrier)}`
    lines.push(`  ${from.id} -> ${to.id} [ltail=cluster_${i - 1}, lhead=cluster_${i}${why}]`)
  })
  for (const [from, to] of dependencies(nodes)) lines.push(`  ${from} -> ${to} [style=dotted]`)
  return `${[...lines, '}'].join('\n')}\n`
}

// What the benchmark of the task queue has threads do: next to nothing, so that what it costs to have it done is measured.

export const add = ({ a, b }: { a: number; b: number }) => a + b

/** Notes that `i` has begun. */
export function note({ order, i }: { order: SharedArrayBuffer; i: number }): void {
  const words = new Int32Array(order)
  words[1 + Atomics.add(words, 0, 1)] = i
}

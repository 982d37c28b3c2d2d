// Where a number stands among others that ascend.

/** The first i in [0, length) with at(i) >= value, or length. at(0), at(1), … ascend. */
export function lowerBound(length: number, at: (i: number) => number, value: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (at(middle) < value) low = middle + 1
    else high = middle
  }
  return low
}

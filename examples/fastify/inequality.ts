// A task for a worker thread: how unequally coins are spread. It takes long enough to be no work for a main thread.

/** Sorts the coins, which it may keep, and gives the coefficient of Gini (1912): 0 where all have the same, near 1 where one has all. */
export function inequality(coins: Int32Array): { people: number; median: number; gini: number } {
  const people = coins.length
  coins.sort()
  let all = 0
  let weighted = 0
  for (let i = 0; i < people; i++) {
    all += coins[i]
    weighted += (2 * (i + 1) - people - 1) * coins[i]
  }
  return { people, median: coins[people >> 1], gini: all === 0 ? 0 : weighted / (people * all) }
}

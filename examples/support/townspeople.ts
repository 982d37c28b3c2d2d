// Who and what the towns of town.ts consist of: parameters and populations. It is no scenario.
import { defineParams, definePopulation, doc, enumeration, f32, i32, index, ref, u8, u32 } from 'populace'
import type { Memory } from './memories.js'

export const params = defineParams({
  people: { default: 5000, min: 1, max: 1_000_000, about: 'people at the start, in proportion to inhabitants' },
  cities: { default: 50, min: 1, max: 1000, about: 'how many cities, the most populous' },
  talk: { default: 0.1, min: 0, max: 1, about: 'probability that somebody awake tells a friend a rumour in an hour' },
  thinking: { default: 0.001, min: 0, max: 1, about: 'probability that somebody at leisure begins a talk in an hour' },
  aging: { default: 0.1, min: 0.001, max: 10, about: 'years by which people age in a day' },
  travel: { default: 0.02, min: 0, max: 1, about: 'probability that a grown-up moves to another city in a year' },
})

export const DAY = 24
export const GROWN = 16 // years
export const FRIENDS = 4
/** What a shop sells at a time: meals, and the least that they cost. */
export const MEALS = 12
export const PRICE = 12
export const HOUSEHOLD = 3
/** People who are stepped together: most towns are small. */
export const BLOCK = 64
export const CUSTOMERS = 12

export const city = definePopulation('city', {
  params,
  capacity: p => p.cities,
  permanent: true,
  columns: { lat: f32(), lon: f32(), /** Hours ahead, 0 to 23. */ zone: u8(), /** Its partition. */ place: u32() },
})
export const house = definePopulation('house', {
  params,
  capacity: p => Math.floor(p.people / HOUSEHOLD) + p.cities,
  permanent: true,
  columns: { city: index(city), /** Less than 0: borrowed next door. */ meals: i32({ effect: 'add' }) },
})
export const shop = definePopulation('shop', {
  params,
  capacity: p => Math.floor(p.people / CUSTOMERS) + p.cities,
  permanent: true,
  columns: { city: index(city), till: i32({ effect: 'add' }) },
})
export const person = definePopulation('person', {
  params,
  capacity: p => 2 * p.people + BLOCK * p.cities, // the last block of each town may be all but empty
  block: BLOCK,
  columns: {
    city: index(city),
    home: index(house),
    shop: index(shop),
    work: index(shop),
    friends: ref('self', { size: FRIENDS }),
    /** The hour of birth. */
    born: i32(),
    /** Hours ahead of the clock by which this person lives. */
    early: u8(),
    energy: f32({ default: 1 }),
    /** Hours since the last meal; asleep they count a quarter. */
    hunger: f32(),
    money: i32({ effect: 'add' }),
    doing: enumeration(['leisure', 'sleep', 'work', 'eat', 'shop']),
    /** Rumours heard in all this life. */
    heard: u32(),
    memory: doc<Memory>(),
    /** What friends have said. */
    talks: u32(),
  },
})

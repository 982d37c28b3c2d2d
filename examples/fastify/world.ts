// The world of the host: people who earn a coin now and then, save, and buy a house when they can. What a house costs goes
// to nobody. With the defaults somebody buys one about once a tick, and each purchase is told outside as an event.
import {
  defineCommand,
  defineEngine,
  defineEvent,
  defineParams,
  definePopulation,
  defineScenario,
  doc,
  i32,
  mean,
  type SetupScope,
  sum,
  type World,
} from 'populace'

const params = defineParams({
  npcs: { default: 100_000, min: 1, max: 10_000_000, about: 'people' },
  wage: { default: 0.01, min: 0, max: 1, about: 'probability to earn a coin in a tick' },
  price: { default: 1000, min: 1, max: 1_000_000, about: 'coins that a house costs' },
})

export const npc = definePopulation('npc', {
  params,
  capacity: p => p.npcs,
  columns: { coins: i32(), houses: i32() },
})

const bought = defineEvent('bought', { columns: { houses: i32() } })

const live = defineEngine({
  name: 'live',
  population: npc,
  params,
  writes: ['coins', 'houses'],
  emits: { bought },
  kernel({ self, emit, random, params }) {
    const { coins, houses } = self
    const { wage, price } = params
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        if (random.chance(row, wage)) coins[row]++
        if (coins[row] < price) continue
        coins[row] -= price
        emit.bought(row, { houses: ++houses[row] })
      }
    }
  },
})

/** Coins for somebody. Refused where there is nobody, or where somebody would have more than a purse holds. */
const gift = defineCommand({
  payload: doc<{ readonly id: number; readonly coins: number }>(),
  apply({ world, payload: { id, coins } }) {
    const people = world.population(npc)
    const somebody = people.get(id)
    if (somebody === undefined) throw new RangeError(`There is no NPC ${id}.`)
    people.set(id, { coins: somebody.coins + coins })
  },
})

type Scope = SetupScope<typeof params>

/** Everybody has saved something: less than a house costs. */
function setup(world: World, { params, random }: Scope): void {
  world.population(npc).spawnMany(params.npcs, {
    fill({ coins }) {
      for (let i = 0; i < params.npcs; i++) coins[i] = random.int(params.price)
    },
  })
}

export default defineScenario({
  name: 'savers',
  params,
  populations: [npc],
  engines: [live],
  measures: { coins: mean(npc, 'coins'), houses: sum(npc, 'houses') },
  commands: { gift },
  setup,
})

// Numbers in words, the same in every locale.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
const precise = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6 })

/** 1,234,567. */
export const grouped = (n: number) => whole.format(n)

/** Three digits and a letter: 1.23M; 'none' for no number. */
export const compact = (n: number) => (Number.isFinite(n) ? short.format(n) : 'none')

/** Up to six digits, whole numbers in full; 'none' where no agent matched. */
export const measured = (n: number) =>
  Number.isInteger(n) ? whole.format(n) : Number.isFinite(n) ? precise.format(n) : 'none'

/** Seconds with as many digits as matter. */
export const seconds = (s: number) => (s < 10 ? `${s.toFixed(2)} s` : s < 100 ? `${s.toFixed(1)} s` : `${clock(s)}`)

/** 1:05, or 2:03:04 from an hour on. */
export function clock(s: number): string {
  if (!Number.isFinite(s)) return '-:--'
  const total = Math.max(0, Math.ceil(s))
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.floor(total / 60)
  return minutes < 60
    ? `${minutes}:${two(total % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(total % 60)}`
}

/** Bytes in KiB, MiB or GiB. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024
    unit++
  }
  return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

// Who holds a lease of a folder's store, and whether it still lives. On one machine a process is known by its id and
// when it started, so that another process that was given the id of a dead one is not taken for it; it is seen to be
// dead at once, and never while it lives and keeps its sign, be it stopped. The sign is a file of each thread that keeps
// the folder, so that one which ended without giving its leases back holds them no longer. Where processes cannot be seen
// (another machine or container on the same folder, a system without /proc) the sign is touched from time to time, and
// counts by its age on the folder's own clock.
import { existsSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { LEASE_EXPIRY_MS } from '../core/limits.js'

/** A process that writes, as it is stored in a lease. */
export interface Holder {
  readonly host: string
  /** Which processes of the host it can see: its boot and process namespace; '' where there is no /proc. */
  readonly view: string
  readonly pid: number
  /** When it started, in the system's own unit; '' where there is no /proc. */
  readonly start: string
  /** The name of its sign of life in the folder. */
  readonly sign: string
}

/** The state letter and start time of a process; undefined: there is none, or no /proc. */
function processStat(pid: number | 'self'): { readonly state: string; readonly start: string } | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
  // The name of the command stands in parentheses and may hold any character, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], start: fields[19] }
}

function processView(): string {
  if (processStat('self') === undefined) return ''
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
}

/** This process. @param sign - unique among all processes that ever wrote to the folder. */
export function thisProcess(sign: string): Holder {
  const start = processStat('self')?.start ?? ''
  return { host: hostname(), view: processView(), pid: process.pid, start, sign }
}

/** Gives a sign of life; the first one makes the file. */
export function giveSign(folder: string, holder: Holder): void {
  writeFileSync(join(folder, holder.sign), '')
}

/** Takes the sign of life away. */
export function removeSign(folder: string, sign: string): void {
  rmSync(join(folder, sign), { force: true })
}

function signAge(folder: string, holder: Holder, me: Holder): number {
  const last = statSync(join(folder, holder.sign), { throwIfNoEntry: false })
  if (last === undefined) return Number.POSITIVE_INFINITY
  giveSign(folder, me) // the clock of the folder may be another one than ours
  return statSync(join(folder, me.sign)).mtimeMs - last.mtimeMs
}

/** Whether a holder lives, as far as `me` can see. */
export function isAlive(folder: string, holder: Holder, me: Holder): boolean {
  if (me.view !== '' && holder.view === me.view) {
    const stat = processStat(holder.pid)
    if (!existsSync(join(folder, holder.sign))) return false
    // One that was killed stays in the table until its parent looks: it does nothing any more.
    return stat !== undefined && stat.start === holder.start && stat.state !== 'Z' && stat.state !== 'X'
  }
  return signAge(folder, holder, me) <= LEASE_EXPIRY_MS
}

/** As it is shown to a user. */
export function shownHolder(holder: Holder, me: Holder): string {
  if (holder.sign === me.sign) return 'another writer in this process'
  return `process ${holder.pid}${holder.host === me.host ? '' : ` on ${holder.host}`}`
}

/** Moments and days in words. `now` is always given, so that tests and lists agree. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `now`, `5 min`, `3 h`, `Tue`, `Mar 4`: short enough for a list on a phone. */
export function shortAgo(moment: string, now: Date): string {
  const then = new Date(moment)
  const age = now.getTime() - then.getTime()
  if (age < MINUTE) return 'now'
  if (age < HOUR) return `${String(Math.floor(age / MINUTE))} min`
  if (age < DAY) return `${String(Math.floor(age / HOUR))} h`
  if (age < 6 * DAY) return then.toLocaleDateString('en-US', { weekday: 'short' })
  return then.toLocaleDateString('en-US', { month: 'short', day: 'numeric' })
}

/** `2:05 PM` today, `Mar 4, 2:05 PM` otherwise. */
export function clockTime(moment: string, now: Date): string {
  const then = new Date(moment)
  const time = then.toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' })
  if (then.toDateString() === now.toDateString()) return time
  return `${then.toLocaleDateString('en-US', { month: 'short', day: 'numeric' })}, ${time}`
}

/** A calendar day the server sent, as `2026-11-03` or with a time behind it: `Nov 3, 2026`. */
export function dayWords(day: string): string {
  const date = new Date(`${day.slice(0, 10)}T00:00:00Z`)
  return date.toLocaleDateString('en-US', { month: 'short', day: 'numeric', year: 'numeric', timeZone: 'UTC' })
}

/** `today`, `tomorrow`, `in 5 days`, `3 days ago`, reckoned in UTC days as due dates are. */
export function daysUntil(day: string, now: Date): string {
  const due = Date.parse(`${day.slice(0, 10)}T00:00:00Z`)
  const today = Date.parse(`${now.toISOString().slice(0, 10)}T00:00:00Z`)
  const days = Math.round((due - today) / DAY)
  if (days === 0) return 'today'
  if (days === 1) return 'tomorrow'
  if (days === -1) return 'yesterday'
  return days > 0 ? `in ${String(days)} days` : `${String(-days)} days ago`
}

/** `40 s`, `3 min`, `1 h 20 min`: how long something still takes. */
export function durationWords(seconds: number): string {
  if (seconds < 60) return `${String(Math.max(1, Math.round(seconds)))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${String(minutes)} min`
  const rest = minutes % 60
  return rest === 0 ? `${String(minutes / 60)} h` : `${String(Math.floor(minutes / 60))} h ${String(rest)} min`
}

/** `1,204`. */
export function count(number: number): string {
  return number.toLocaleString('en-US')
}

/** `1 contact`, `1,204 contacts`. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`
}

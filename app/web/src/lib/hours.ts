/** Texting hours in words, and when they open. The server decides who may be texted; this explains. */

export interface Hours {
  start: number
  end: number
}

interface OwnHours {
  overrideOrganizationTextingHours: boolean
  textingHoursEnforced: boolean
  textingHoursStart: number
  textingHoursEnd: number
}
type OrganizationHours = Omit<OwnHours, 'overrideOrganizationTextingHours'>

/** The hours that hold for a campaign, or null when texts may go out at any. */
export function hoursOf(campaign: OwnHours & { organization: OrganizationHours }): Hours | null {
  const source = campaign.overrideOrganizationTextingHours ? campaign : campaign.organization
  const hours = { start: source.textingHoursStart, end: source.textingHoursEnd }
  const isWholeDay = hours.start === 0 && hours.end === 24
  return source.textingHoursEnforced && !isWholeDay ? hours : null
}

/** `9 AM`, `noon`, `midnight`: a whole hour, 0 to 24. */
export function hourWords(hour: number): string {
  if (hour === 0 || hour === 24) return 'midnight'
  if (hour === 12) return 'noon'
  return `${String(hour % 12)} ${hour < 12 ? 'AM' : 'PM'}`
}

/** `9 AM to 9 PM`. */
export function hoursWords(hours: Hours): string {
  return `${hourWords(hours.start)} to ${hourWords(hours.end)}`
}

/** The hour of the day it is in an IANA zone, or null for a zone this browser does not know. */
export function hourIn(zone: string, now: Date): number | null {
  try {
    const parts = new Intl.DateTimeFormat('en-US', { hour: 'numeric', hourCycle: 'h23', timeZone: zone })
    return Number(parts.format(now))
  } catch {
    return null
  }
}

/** Whether it is before, within or after the hours in that zone. */
export function phaseOf(hours: Hours, zone: string, now: Date): 'before' | 'open' | 'after' | 'unknown' {
  const hour = hourIn(zone, now)
  if (hour === null) return 'unknown'
  if (hour < hours.start) return 'before'
  return hour < hours.end ? 'open' : 'after'
}

import { expect, test } from 'vitest'
import { hourIn, hoursOf, hoursWords, hourWords, phaseOf } from './hours'

const organization = { textingHoursEnforced: true, textingHoursStart: 9, textingHoursEnd: 21 }
const own = { overrideOrganizationTextingHours: false, textingHoursEnforced: false, textingHoursStart: 8, textingHoursEnd: 12 }

test("a campaign without hours of its own keeps the organization's", () => {
  expect(hoursOf({ ...own, organization })).toEqual({ start: 9, end: 21 })
})

test('overriding with hours switched off means none', () => {
  expect(hoursOf({ ...own, overrideOrganizationTextingHours: true, organization })).toBeNull()
})

test('the whole day is no limit', () => {
  expect(hoursOf({ ...own, organization: { ...organization, textingHoursStart: 0, textingHoursEnd: 24 } })).toBeNull()
})

test.each([
  [0, 'midnight'],
  [9, '9 AM'],
  [12, 'noon'],
  [13, '1 PM'],
  [24, 'midnight'],
])('%d is %s', (hour, words) => {
  expect(hourWords(hour)).toBe(words)
})

test('hours read as people say them', () => {
  expect(hoursWords({ start: 9, end: 21 })).toBe('9 AM to 9 PM')
})

test('the hour is reckoned in the zone, half hours and no daylight saving included', () => {
  const july = new Date('2026-07-01T18:45:00Z')
  expect(hourIn('America/Phoenix', july)).toBe(11)
  expect(hourIn('Asia/Kolkata', july)).toBe(0)
  expect(hourIn('Nowhere/Land', july)).toBeNull()
})

test('the end hour itself is closed', () => {
  expect(phaseOf({ start: 9, end: 21 }, 'UTC', new Date('2026-07-01T20:59:00Z'))).toBe('open')
  expect(phaseOf({ start: 9, end: 21 }, 'UTC', new Date('2026-07-01T21:00:00Z'))).toBe('after')
  expect(phaseOf({ start: 9, end: 21 }, 'UTC', new Date('2026-07-01T08:59:00Z'))).toBe('before')
})

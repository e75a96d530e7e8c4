import { expect, test } from 'vitest'
import { daysUntil, dayWords, durationWords, plural, shortAgo } from './time'

const now = new Date('2026-11-03T15:00:00Z')

test.each([
  ['2026-11-03T14:59:30Z', 'now'],
  ['2026-11-03T14:55:00Z', '5 min'],
  ['2026-11-03T12:00:00Z', '3 h'],
  ['2026-09-04T12:00:00Z', 'Sep 4'],
])('%s was %s ago', (moment, words) => {
  expect(shortAgo(moment, now)).toBe(words)
})

test('a due day is the same day in every time zone', () => {
  expect(dayWords('2026-11-03')).toBe('Nov 3, 2026')
  expect(dayWords('2026-11-03T00:00:00.000Z')).toBe('Nov 3, 2026')
})

test.each([
  ['2026-11-03', 'today'],
  ['2026-11-04', 'tomorrow'],
  ['2026-11-09', 'in 6 days'],
  ['2026-11-02', 'yesterday'],
  ['2026-10-31', '3 days ago'],
])('%s is %s', (day, words) => {
  expect(daysUntil(day, now)).toBe(words)
})

test.each([
  [0.2, '1 s'],
  [40, '40 s'],
  [179, '3 min'],
  [3600, '1 h'],
  [4800, '1 h 20 min'],
])('%d seconds are %s', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words)
})

test('one is not many', () => {
  expect(plural(1, 'contact')).toBe('1 contact')
  expect(plural(1204, 'reply', 'replies')).toBe('1,204 replies')
})

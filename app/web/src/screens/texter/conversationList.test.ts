import { expect, test } from 'vitest'
import { entriesOf, nextAfter, waitingCount, type Entry } from './conversationList'

const entry = (id: string, messageStatus: string, minute: number, firstName = 'Ana'): Entry => ({
  id,
  firstName,
  lastName: 'Ortiz',
  messageStatus,
  updatedAt: `2026-11-01T10:${String(minute).padStart(2, '0')}:00Z`,
})
const entries = [entry('1', 'convo', 1), entry('2', 'needsResponse', 20), entry('3', 'closed', 5), entry('4', 'needsResponse', 10), entry('5', 'convo', 30, 'Bo')]
const ids = (list: Entry[]) => list.map(({ id }) => id)

test('the longest wait is on top, then the newest talk', () => {
  expect(ids(entriesOf(entries, 'active', ''))).toEqual(['4', '2', '5', '1'])
})

test('skipped ones have their own tab', () => {
  expect(ids(entriesOf(entries, 'skipped', ''))).toEqual(['3'])
})

test('finds by any part of the name', () => {
  expect(ids(entriesOf(entries, 'active', ' bo '))).toEqual(['5'])
})

test('after one conversation comes the next that waits, and none when it was the last', () => {
  expect(nextAfter(entries, '4')).toBe('2')
  expect(nextAfter([entry('1', 'convo', 1)], '1')).toBeNull()
})

test('counts who waits', () => {
  expect(waitingCount(entries)).toBe(2)
})

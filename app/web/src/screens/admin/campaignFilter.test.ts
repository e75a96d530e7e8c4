import { expect, test } from 'vitest'
import { readFilter, variablesFor, writeFilter } from './campaignFilter'

const read = (query: string) => readFilter(new URLSearchParams(query))

test('an empty address shows the active campaigns, newest first', () => {
  expect(read('')).toEqual({ status: 'ACTIVE', sort: 'ID_DESC', search: '', page: 1 })
})

test('nonsense in the address falls back to the default', () => {
  expect(read('status=toString&sort=x&page=-3')).toEqual(read(''))
})

test('a change goes back to the first page, turning the page does not', () => {
  const filter = read('status=ANY&page=3')
  expect(writeFilter(filter, { search: 'vote' })).toEqual({ status: 'ANY', search: 'vote' })
  expect(writeFilter(filter, { page: 4 })).toEqual({ status: 'ANY', page: '4' })
})

test('what was written reads back the same', () => {
  const filter = read('status=CLOSED&sort=TITLE&search=a%20b&page=2')
  expect(readFilter(new URLSearchParams(writeFilter(filter, { page: 2 })))).toEqual(filter)
})

test('any status asks without a status', () => {
  expect(variablesFor('1', read('status=ANY')).filter).toEqual({})
})

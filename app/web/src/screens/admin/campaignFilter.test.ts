import { expect, test } from 'vitest'
import { PAGE_SIZE, readFilter, turn, variablesFor, writeFilter } from './campaignFilter'

const read = (query: string) => readFilter(new URLSearchParams(query))

test('an empty address shows the active campaigns, newest first', () => {
  expect(read('')).toEqual({ status: 'ACTIVE', sort: 'ID_DESC', search: '', after: null, before: null })
})

test('nonsense in the address falls back to the default', () => {
  expect(read('status=toString&sort=x&page=3')).toEqual(read(''))
})

test('a change goes back to the first page, turning the page does not', () => {
  const filter = read('status=ANY&after=3')
  expect(writeFilter(filter, { search: 'vote' })).toEqual({ status: 'ANY', search: 'vote' })
  expect(writeFilter(filter, { after: '4' })).toEqual({ status: 'ANY', after: '4' })
  expect(writeFilter(filter, { before: '4' })).toEqual({ status: 'ANY', before: '4' })
})

test('what was written reads back the same', () => {
  const filter = read('status=CLOSED&sort=TITLE&search=a%20b&after=2')
  expect(readFilter(new URLSearchParams(writeFilter(filter, { after: '2' })))).toEqual(filter)
})

test('any status asks without a status', () => {
  expect(variablesFor('1', read('status=ANY')).filter).toEqual({})
})

test('a page knows its neighbours by one row more than it shows', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: String(index + 1) }))
  const [few, many] = [rows(PAGE_SIZE), rows(PAGE_SIZE + 1)]
  const last = String(PAGE_SIZE)
  expect(turn(read(''), few)).toEqual({ rows: few, previous: null, next: null })
  expect(turn(read(''), many)).toEqual({ rows: few, previous: null, next: { after: last } })
  expect(turn(read('after=9'), few)).toEqual({ rows: few, previous: { before: '1' }, next: null })
  expect(turn(read('before=9'), few)).toEqual({ rows: few, previous: null, next: { after: last } })
  expect(turn(read('before=9'), many)).toEqual({ rows: many.slice(1), previous: { before: '2' }, next: { after: String(PAGE_SIZE + 1) } })
  expect(turn(read('after=9'), [])).toEqual({ rows: [], previous: null, next: null })
})

import { expect, test } from 'vitest'
import { readHeader } from './csvHeader'

test('knows the required columns by any of their names', () => {
  expect(readHeader('firstName,last,cell,city\r\nAna,Ortiz,1,Boston')).toEqual({
    columns: ['firstName', 'last', 'cell', 'city'],
    missing: [],
    custom: ['city'],
  })
})

test('says what is missing', () => {
  expect(readHeader('first_name,phone\n').missing).toEqual(['last_name', 'phone_number'])
})

test('reads quoted names, a byte order mark and spaces around names', () => {
  expect(readHeader('\uFEFFfirst_name, last_name ,cell,"fav, ""best"" color"\n').custom).toEqual(['fav, "best" color'])
})

test('an identifier column is no custom field', () => {
  expect(readHeader('first,last,cell,external_id,van_statecode').custom).toEqual([])
})

test('an empty file has no columns', () => {
  expect(readHeader('').columns).toEqual([])
})

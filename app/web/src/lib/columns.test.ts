import { expect, test } from 'vitest'
import { mapping, mistakeIn, understood, type Column, type Field } from './columns'

const column = (name: string, field: Field | null, called = name): Column => ({ column: name, samples: [], field, name: called })

test('names say what columns are, however they are written', () => {
  const names = ['First Name', 'last', 'CELL', 'ZIP', 'van-statecode', 'source_id', 'external_id_type', 'Fav Color']
  expect(understood(names, []).map(({ field }) => field)).toEqual([
    'FIRST_NAME', 'LAST_NAME', 'CELL', 'ZIP', 'STATE_CODE', 'EXTERNAL_ID', 'EXTERNAL_ID_TYPE', 'CUSTOM',
  ])
})

test('the first of several columns with one name counts, and one without a name is none', () => {
  expect(understood(['note', '', 'note'], [['a', 'b', 'c'], [''], ['d']])).toEqual([
    { column: 'note', samples: ['a', 'd'], field: 'CUSTOM', name: 'note' },
  ])
})

test('what is left out is not told', () => {
  expect(mapping([column('Mobile', 'CELL'), column('secret', null), column('Color', 'CUSTOM', ' favorite ')])).toEqual([
    { column: 'Mobile', field: 'CELL' },
    { column: 'Color', field: 'CUSTOM', name: 'favorite' },
  ])
})

test('says what the server would not take', () => {
  const cell = column('Mobile', 'CELL')
  expect(mistakeIn([cell, column('a', 'CUSTOM'), column('zip', 'ZIP')])).toBeNull()
  expect(mistakeIn([column('Mobile', 'CUSTOM')])).toEqual({ kind: 'noCell' })
  expect(mistakeIn([cell, column('Home', 'CELL')])).toEqual({ kind: 'twice', field: 'CELL' })
  expect(mistakeIn([cell, column('a', 'CUSTOM', ' ')])).toEqual({ kind: 'noName', column: 'a' })
  expect(mistakeIn([cell, column('a{b}', 'CUSTOM')])).toEqual({ kind: 'noName', column: 'a{b}' })
  expect(mistakeIn([cell, column('a', 'CUSTOM', 'firstName')])).toEqual({ kind: 'takenName', name: 'firstName' })
  expect(mistakeIn([cell, column('zip', 'ZIP'), column('a', 'CUSTOM', 'zip')])).toEqual({ kind: 'sameName', name: 'zip' })
})

import { expect, test } from 'vitest'
import { readStart } from './csvStart'

const read = (text: string, isWhole = true) => readStart(new TextEncoder().encode(text), isWhole)

test('reads the columns and the first rows', () => {
  const rows = ['Ana,1', 'Ben,2', ' , ', '', 'Cleo,3', 'Dan,4']
  expect(read(`first, cell \r\n${rows.join('\r\n')}`)).toEqual({ columns: ['first', 'cell'], rows: [['Ana', '1'], ['Ben', '2'], ['Cleo', '3']] })
})

test('reads quoted names and values, a byte order mark and empty lines before the header', () => {
  expect(read('\uFEFF\n"fav, ""best"" color",cell\n"two\nlines",6" pipe\n')).toEqual({
    columns: ['fav, "best" color', 'cell'],
    rows: [['two\nlines', '6" pipe']],
  })
})

test('a row that is cut off is not shown', () => {
  expect(read('first,cell\nAna,1\nBen', false).rows).toEqual([['Ana', '1']])
  expect(read('first,cell\nAna,1\nBen').rows).toEqual([['Ana', '1'], ['Ben']])
  expect(read('first,cel', false).columns).toEqual(['first', 'cel'])
})

test('what is not UTF-8 is Latin-1, field by field', () => {
  const bytes = new Uint8Array([...Buffer.from('Pr\u00E9nom,', 'latin1'), ...Buffer.from('Stra\u00DFe\n', 'utf8')])
  expect(readStart(bytes, true).columns).toEqual(['Prénom', 'Straße'])
})

test('an empty file has no columns', () => {
  expect(read('')).toEqual({ columns: [], rows: [] })
})

/** A look at the beginning of a CSV file before it is uploaded, read as the server reads it. The server judges the rows. */

export interface Start {
  columns: string[]
  /** The first rows below the header. */
  rows: string[][]
}

const SHOWN_ROWS = 3
const BYTE_ORDER_MARK = '\xEF\xBB\xBF'
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** `isWhole`: nothing of the file comes after these bytes. */
export function readStart(bytes: Uint8Array, isWhole: boolean): Start {
  // A character a byte: the encoding is told field by field.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  const rows = records(text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text, isWhole)
  const [columns = [], ...rest] = rows.map((row) => row.map((field) => decode(field).replaceAll('\0', '').trim()))
  return { columns, rows: rest.filter((row) => row.some((field) => field !== '')).slice(0, SHOWN_ROWS) }
}

/** UTF-8, else Latin-1, whose characters are the bytes themselves. */
function decode(field: string): string {
  try {
    return utf8.decode(Uint8Array.from(field, (character) => character.charCodeAt(0)))
  } catch {
    return field
  }
}

/** Rows of cells: quoted ones may hold commas, line ends and doubled quotes. Empty lines are none. */
function records(text: string, isWhole: boolean): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let isQuoted = false
  const endRow = () => {
    if (row.length > 0 || cell !== '') rows.push([...row, cell])
    row = []
    cell = ''
  }
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') {
        cell += '"'
        at += 1
      } else isQuoted = false
    } else if (character === '"' && cell === '') isQuoted = true
    else if (character === ',') {
      row.push(cell)
      cell = ''
    } else if (character === '\n' || character === '\r') endRow()
    else cell += character
  }
  // The last line is cut off where the file goes on.
  if (isWhole || rows.length === 0) endRow()
  return rows
}

/** A look at the first line of a CSV file before uploading it. The server judges the rows. */

export interface Header {
  columns: string[]
  /** Required columns that are not there, by their main name. */
  missing: string[]
  /** Columns that become fields of the script. */
  custom: string[]
}

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  first_name: ['first_name', 'firstName', 'first'],
  last_name: ['last_name', 'lastName', 'last'],
  phone_number: ['phone_number', 'cell'],
}
const OPTIONAL = ['source_id_type', 'external_id_type', 'source_id', 'external_id', 'van_statecode', 'state_code']

export const REQUIRED_COLUMNS = Object.keys(REQUIRED)

export function readHeader(start: string): Header {
  const columns = firstRow(start.replace(/^\uFEFF/, '')).map((column) => column.trim())
  const missing = REQUIRED_COLUMNS.filter((name) => !REQUIRED[name]?.some((alias) => columns.includes(alias)))
  const standard = new Set([...Object.values(REQUIRED).flat(), ...OPTIONAL])
  const custom = columns.filter((column) => column !== '' && !standard.has(column))
  return { columns, missing, custom }
}

/** The cells of the first row: quoted ones may hold commas, line ends and doubled quotes. */
function firstRow(text: string): string[] {
  const cells: string[] = []
  let cell = ''
  let isQuoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') {
        cell += '"'
        at += 1
      } else isQuoted = false
    } else if (character === '"') isQuoted = true
    else if (character === ',') {
      cells.push(cell)
      cell = ''
    } else if (character === '\n' || character === '\r') break
    else cell += character
  }
  cells.push(cell)
  return cells.length === 1 && cells[0] === '' ? [] : cells
}

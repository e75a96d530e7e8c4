/** What the columns of a contact file are: as their names say, by the server's rules, or as somebody says instead. */
import { isStandardField } from './script'

export type Field = 'CELL' | 'FIRST_NAME' | 'LAST_NAME' | 'ZIP' | 'STATE_CODE' | 'EXTERNAL_ID' | 'EXTERNAL_ID_TYPE' | 'CUSTOM'

export interface Column {
  /** As the file's first line has it. */
  column: string
  samples: string[]
  /** Null: left out. */
  field: Field | null
  /** What scripts call a field of their own. */
  name: string
}

/** The column as the server takes it. */
export interface ContactColumn {
  column: string
  field: Field
  name?: string
}

export type Mistake =
  | { kind: 'noCell' }
  | { kind: 'twice'; field: Field }
  | { kind: 'noName'; column: string }
  | { kind: 'takenName'; name: string }
  | { kind: 'sameName'; name: string }

const ALIASES: Readonly<Record<string, Field>> = {
  phone_number: 'CELL',
  cell: 'CELL',
  first_name: 'FIRST_NAME',
  firstname: 'FIRST_NAME',
  first: 'FIRST_NAME',
  last_name: 'LAST_NAME',
  lastname: 'LAST_NAME',
  last: 'LAST_NAME',
  zip: 'ZIP',
  state_code: 'STATE_CODE',
  van_statecode: 'STATE_CODE',
  external_id: 'EXTERNAL_ID',
  source_id: 'EXTERNAL_ID',
  external_id_type: 'EXTERNAL_ID_TYPE',
  source_id_type: 'EXTERNAL_ID_TYPE',
}

/** The columns as their names say. Of several with one name the first counts; one without a name is none. */
export function understood(names: readonly string[], rows: readonly string[][]): Column[] {
  return names.flatMap((column, index) => {
    if (column === '' || names.indexOf(column) !== index) return []
    const samples = rows.map((row) => row[index] ?? '').filter((sample) => sample !== '')
    const known = ALIASES[column.toLowerCase().replaceAll(/[ -]/g, '_')]
    return [{ column, samples, field: known ?? 'CUSTOM', name: column }]
  })
}

/** What the server is told: every column that is not left out. */
export function mapping(columns: readonly Column[]): ContactColumn[] {
  return columns.flatMap(({ column, field, name }) => {
    if (field === null) return []
    return [field === 'CUSTOM' ? { column, field, name: name.trim() } : { column, field }]
  })
}

export function has(columns: readonly Column[], field: Field): boolean {
  return columns.some((column) => column.field === field)
}

/** Why the server would not take the columns, as far as it can be told here. */
export function mistakeIn(columns: readonly Column[]): Mistake | null {
  if (!has(columns, 'CELL')) return { kind: 'noCell' }
  const fields = new Set<Field>()
  const names = new Set<string>()
  for (const { column, field, name } of mapping(columns)) {
    if (field !== 'CUSTOM' && fields.has(field)) return { kind: 'twice', field }
    fields.add(field)
    if (field !== 'CUSTOM' && field !== 'ZIP') continue
    const called = name ?? column
    if (called === '' || /[{}]/.test(called)) return { kind: 'noName', column }
    if (isStandardField(called)) return { kind: 'takenName', name: called }
    if (names.has(called)) return { kind: 'sameName', name: called }
    names.add(called)
  }
  return null
}

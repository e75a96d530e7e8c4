/** A contact file somebody chose, and what its columns are. */
import { has, mapping, mistakeIn, understood, type Column, type ContactColumn } from '../../lib/columns'
import { readStart } from '../../lib/csvStart'
import { admin } from '../../text/admin'

export interface ChosenFile {
  file: File
  columns: Column[]
  /** Somebody has said something else than the names do. */
  isChanged: boolean
}

/** Enough of a file to hold its first rows; a file may have a million. */
const START_BYTES = 65_536

export async function inspect(file: File): Promise<ChosenFile> {
  const bytes = new Uint8Array(await file.slice(0, START_BYTES).arrayBuffer())
  const start = readStart(bytes, file.size <= START_BYTES)
  return { file, columns: understood(start.columns, start.rows), isChanged: false }
}

/** What the server is to be told about the columns; null when their names tell it. */
export function columnsOf({ columns, isChanged }: ChosenFile): ContactColumn[] | null {
  const isTold = has(columns, 'CELL') && has(columns, 'FIRST_NAME') && has(columns, 'LAST_NAME')
  return isTold && !isChanged ? null : mapping(columns)
}

/** Why the file cannot be read at all. */
export function unreadable({ file, columns }: ChosenFile): string | null {
  if (!/\.(csv|txt)$/i.test(file.name) && !file.type.includes('csv')) return admin.upload.notCsv
  return columns.length === 0 ? admin.upload.empty : null
}

/** Why the file cannot be uploaded as it stands. */
export function problemOf(chosen: ChosenFile): string | null {
  const reason = unreadable(chosen)
  if (reason !== null || columnsOf(chosen) === null) return reason
  const mistake = mistakeIn(chosen.columns)
  switch (mistake?.kind) {
    case undefined: return null
    case 'noCell': return admin.columns.noCell
    case 'twice': return admin.columns.twice(admin.columns.fields[mistake.field])
    case 'noName': return admin.columns.noName(mistake.column)
    case 'takenName': return admin.columns.takenName(mistake.name)
    case 'sameName': return admin.columns.sameName(mistake.name)
  }
}

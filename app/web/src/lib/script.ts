/**
 * Scripts with fields in braces, rendered exactly as the server renders them. Both sides are held
 * to `app/script-vectors.json`.
 *
 * One pass over the script: what a value contains is never looked at again, so a contact named
 * `{last_name}` or `$1` stays what they typed. Names match by case and without spaces around them.
 */

/** What fields are filled from. Absent and null count as empty. */
export interface ScriptContact {
  firstName: string
  lastName: string
  cell: string
  externalId?: string | null
  externalIdType?: string | null
  stateCode?: string | null
  customFields: Readonly<Record<string, string>>
}

export interface ScriptTexter {
  firstName: string
  lastName: string
}

export interface Rendered {
  text: string
  /** Names in braces that nobody knows, in order of appearance; they stay as typed. */
  unknownFields: string[]
  /** Known names without a value for this contact; they render as nothing. */
  missingFields: string[]
}

type Source = (contact: ScriptContact, texter: ScriptTexter) => string | null | undefined

const firstName: Source = (contact) => contact.firstName
const lastName: Source = (contact) => contact.lastName
const cell: Source = (contact) => contact.cell
const sourceType: Source = (contact) => contact.externalIdType
const source: Source = (contact) => contact.externalId
const state: Source = (contact) => contact.stateCode
const texterFirst: Source = (_, texter) => texter.firstName
const texterLast: Source = (_, texter) => texter.lastName

/** Every standard name with its aliases. A custom field of the same name never wins over these. */
const CATALOGUE: ReadonlyMap<string, Source> = new Map([
  ['first_name', firstName],
  ['firstName', firstName],
  ['first', firstName],
  ['last_name', lastName],
  ['lastName', lastName],
  ['last', lastName],
  ['phone_number', cell],
  ['cell', cell],
  ['source_id_type', sourceType],
  ['external_id_type', sourceType],
  ['source_id', source],
  ['external_id', source],
  ['van_statecode', state],
  ['state_code', state],
  ['texter_first_name', texterFirst],
  ['texterFirstName', texterFirst],
  ['texter_last_name', texterLast],
  ['texterLastName', texterLast],
])

/** Whether scripts know the name whatever file was loaded. */
export function isStandardField(name: string): boolean {
  return CATALOGUE.has(name)
}

/** The standard fields offered as chips in the editor, before the campaign's own. */
export const OFFERED_FIELDS = [
  'first_name',
  'last_name',
  'texter_first_name',
  'texter_last_name',
  'van_statecode',
] as const

const FIELD = /\{([^{}]+)\}/g

/** The script as this contact gets it from this texter. */
export function renderScript(script: string, contact: ScriptContact, texter: ScriptTexter): Rendered {
  const unknown = new Set<string>()
  const missing = new Set<string>()
  const text = script.replace(FIELD, (typed, name: string) => {
    const value = lookUp(name, contact, texter)
    if (value === undefined) {
      unknown.add(name)
      return typed
    }
    if (value === '') missing.add(name)
    return value
  })
  return { text, unknownFields: [...unknown], missingFields: [...missing] }
}

/** The value of a field, empty when there is none; undefined when nobody knows the field. */
function lookUp(name: string, contact: ScriptContact, texter: ScriptTexter): string | undefined {
  const standard = CATALOGUE.get(name)
  if (standard) return standard(contact, texter) ?? ''
  if (Object.hasOwn(contact.customFields, name)) return contact.customFields[name] ?? ''
  return undefined
}

/** Names in braces that neither the catalogue nor these custom fields know. */
export function unknownFields(script: string, customFields: readonly string[]): string[] {
  const unknown = new Set<string>()
  for (const [, name] of script.matchAll(FIELD)) {
    if (name !== undefined && !CATALOGUE.has(name) && !customFields.includes(name)) unknown.add(name)
  }
  return [...unknown]
}

/** A script cut into plain text and fields, for showing fields in colour. */
export interface Piece {
  text: string
  kind: 'plain' | 'known' | 'unknown'
}

export function scriptPieces(script: string, customFields: readonly string[]): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const found of script.matchAll(FIELD)) {
    if (found.index > end) pieces.push({ text: script.slice(end, found.index), kind: 'plain' })
    const name = found[1] ?? ''
    const known = CATALOGUE.has(name) || customFields.includes(name)
    pieces.push({ text: found[0], kind: known ? 'known' : 'unknown' })
    end = found.index + found[0].length
  }
  if (end < script.length) pieces.push({ text: script.slice(end), kind: 'plain' })
  return pieces
}

/** Custom fields arrive as a JSON object in a string; anything else counts as none. */
export function parseCustomFields(json: string): Record<string, string> {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return {}
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return {}
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [name, typeof value === 'string' ? value : '']),
  )
}

/**
 * How many SMS segments a text costs. GSM 03.38: 160 septets in one segment, 153 in each of
 * several; any character outside its alphabet makes the whole text UCS-2 with 70 or 67 units.
 * Characters of two units (the extension table, surrogate pairs) are never split over segments.
 */

export interface Segments {
  encoding: 'GSM-7' | 'UCS-2'
  /** Septets or UTF-16 units. */
  units: number
  segments: number
  /** Units that still fit without another segment. */
  left: number
}

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
    '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
const EXTENSION = new Set('\f^{}\\[~]|€')

/** The text as the server sends it: without spaces around it, and with plain apostrophes. */
export function asSent(text: string): string {
  return text.trim().replace(/[\u2018\u2019]/g, "'")
}

export function countSegments(text: string): Segments {
  const characters = Array.from(text)
  const isGsm = characters.every((character) => BASIC.has(character) || EXTENSION.has(character))
  const widths = characters.map((character) => (isGsm ? (EXTENSION.has(character) ? 2 : 1) : character.length))
  const units = widths.reduce((sum, width) => sum + width, 0)
  const single = isGsm ? 160 : 70
  const encoding = isGsm ? 'GSM-7' : 'UCS-2'
  if (units <= single) return { encoding, units, segments: units === 0 ? 0 : 1, left: single - units }

  const room = isGsm ? 153 : 67
  let segments = 1
  let used = 0
  for (const width of widths) {
    if (used + width > room) {
      segments += 1
      used = 0
    }
    used += width
  }
  return { encoding, units, segments, left: room - used }
}

/** The first characters that force UCS-2, so that the writer can replace them. */
export function costlyCharacters(text: string): string[] {
  const costly = Array.from(text).filter((character) => !BASIC.has(character) && !EXTENSION.has(character))
  return [...new Set(costly)].slice(0, 5)
}

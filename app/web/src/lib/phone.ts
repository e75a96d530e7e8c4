/** `+16175550123` as `(617) 555-0123`; anything that is not a US number stays as it is. */
export function phoneWords(cell: string): string {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(cell)
  if (!parts) return cell
  const [, area = '', exchange = '', line = ''] = parts
  return `(${area}) ${exchange}-${line}`
}

/** What somebody typed as `+16175550123`; null when it is no number. */
export function phoneNumber(typed: string): string | null {
  const digits = typed.replace(/[\s().-]/g, '')
  if (/^\+[1-9]\d{6,14}$/.test(digits)) return digits
  return /^1?\d{10}$/.test(digits) ? `+1${digits.slice(-10)}` : null
}

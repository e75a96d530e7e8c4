/** `+16175550123` as `(617) 555-0123`; anything that is not a US number stays as it is. */
export function phoneWords(cell: string): string {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(cell)
  if (!parts) return cell
  const [, area = '', exchange = '', line = ''] = parts
  return `(${area}) ${exchange}-${line}`
}

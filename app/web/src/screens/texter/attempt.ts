/**
 * The key of a reply. Sending the same words again after a failure that left their fate unknown is
 * a repetition and keeps its key; anything else is a new text.
 */
export interface Attempt {
  key: string
  text: string
  isUncertain: boolean
}

export function keyFor(text: string, last: Attempt | null, newKey: () => string): string {
  return last !== null && last.isUncertain && last.text === text ? last.key : newKey()
}

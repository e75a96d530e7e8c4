import { useCallback, useState } from 'react'

/** What somebody has begun to write to a contact. Survives switching conversations and reloading. */
export function useDraft(contactId: string): [string, (text: string) => void] {
  const key = `spoke-draft-${contactId}`
  const [draft, setDraft] = useState(() => sessionStorage.getItem(key) ?? '')
  const keep = useCallback(
    (text: string) => {
      setDraft(text)
      if (text === '') sessionStorage.removeItem(key)
      else sessionStorage.setItem(key, text)
    },
    [key],
  )
  return [draft, keep]
}

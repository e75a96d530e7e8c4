import { useSyncExternalStore } from 'react'

/** Whether the window is at least this wide: for what styles alone cannot decide. */
export function useIsWide(width: string): boolean {
  const query = `(width >= ${width})`
  return useSyncExternalStore(
    (onChange) => {
      const list = window.matchMedia(query)
      list.addEventListener('change', onChange)
      return () => {
        list.removeEventListener('change', onChange)
      }
    },
    () => window.matchMedia(query).matches,
  )
}

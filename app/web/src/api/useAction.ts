import { useCallback, useRef, useState } from 'react'
import { ApiError } from './client'

export interface Action<Arguments extends unknown[]> {
  /** Does nothing while an earlier run is still under way. True when it succeeded. */
  run: (...args: Arguments) => Promise<boolean>
  isRunning: boolean
  error: ApiError | null
  clear: () => void
}

/** Something a person sets off: one at a time, its failure kept for showing. */
export function useAction<Arguments extends unknown[]>(
  work: (...args: Arguments) => Promise<unknown>,
): Action<Arguments> {
  const [isRunning, setRunning] = useState(false)
  const [error, setError] = useState<ApiError | null>(null)
  const isBusy = useRef(false)

  const run = useCallback(
    async (...args: Arguments) => {
      if (isBusy.current) return false
      isBusy.current = true
      setRunning(true)
      setError(null)
      try {
        await work(...args)
        return true
      } catch (cause) {
        setError(cause instanceof ApiError ? cause : new ApiError('UNKNOWN', String(cause)))
        return false
      } finally {
        isBusy.current = false
        setRunning(false)
      }
    },
    [work],
  )
  const clear = useCallback(() => {
    setError(null)
  }, [])
  return { run, isRunning, error, clear }
}

import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, request } from './client'
import type { Operation } from './operation'

export interface QueryState<Result> {
  /** The newest answer; stays while a newer one is under way or has failed. */
  data: Result | null
  /** Why the newest attempt failed. */
  error: ApiError | null
  isLoading: boolean
  /** Asks again now. Resolves when the answer is in or has failed. */
  refetch: () => Promise<void>
}

interface Options {
  /** Asks again this often while the page is visible; waits longer after failures. */
  pollMs?: number | undefined
  /** Asks nothing while true. */
  isPaused?: boolean
}

/** At most this many times the interval between attempts while the server cannot be reached. */
const MOST_BACK_OFF = 8

/**
 * The answer to a query, kept fresh. Data of one set of variables is never shown for another.
 */
export function useQuery<Result, Variables>(
  operation: Operation<Result, Variables>,
  variables: Variables,
  { pollMs, isPaused = false }: Options = {},
): QueryState<Result> {
  const key = operation.name + JSON.stringify(variables)
  const [state, setState] = useState<{ key: string; data: Result | null; error: ApiError | null }>({
    key,
    data: null,
    error: null,
  })
  const failures = useRef(0)
  const latest = useRef({ key, variables })
  useEffect(() => {
    latest.current = { key, variables }
  })

  const refetch = useCallback(
    async (signal?: AbortSignal) => {
      try {
        const data = await request(operation, latest.current.variables, signal)
        failures.current = 0
        if (latest.current.key === key && !signal?.aborted) setState({ key, data, error: null })
      } catch (cause) {
        const error = cause instanceof ApiError ? cause : new ApiError('UNKNOWN', String(cause))
        if (error.code === 'CANCELLED' || latest.current.key !== key) return
        failures.current += 1
        setState((before) => ({ key, data: before.key === key ? before.data : null, error }))
      }
    },
    [operation, key],
  )

  useEffect(() => {
    if (isPaused) return
    const controller = new AbortController()
    // Through the microtask queue, so that no state is set while React is still in this effect.
    queueMicrotask(() => {
      if (!controller.signal.aborted) void refetch(controller.signal)
    })
    return () => {
      controller.abort()
    }
  }, [refetch, isPaused])

  usePolling(refetch, isPaused ? undefined : pollMs, failures)

  const isCurrent = state.key === key
  const data = isCurrent ? state.data : null
  const error = isCurrent ? state.error : null
  return { data, error, isLoading: data === null && error === null, refetch: () => refetch() }
}

/** Calls again and again while the page is visible, and at once when it becomes visible. */
function usePolling(
  ask: () => Promise<void>,
  pollMs: number | undefined,
  failures: React.RefObject<number>,
): void {
  useEffect(() => {
    if (pollMs === undefined) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const plan = () => {
      clearTimeout(timer)
      if (isOver || document.hidden) return
      const factor = Math.min(2 ** failures.current, MOST_BACK_OFF)
      // Spread a little, so that thousands of tabs do not ask in step.
      timer = setTimeout(() => void ask().then(plan), pollMs * factor * (0.9 + Math.random() * 0.2))
    }
    const onVisible = () => {
      if (document.hidden) clearTimeout(timer)
      else void ask().then(plan)
    }
    plan()
    document.addEventListener('visibilitychange', onVisible)
    return () => {
      isOver = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onVisible)
    }
  }, [ask, pollMs, failures])
}

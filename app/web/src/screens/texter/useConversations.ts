import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, request } from '../../api/client'
import { useQuery } from '../../api/useQuery'
import type { Entry } from './conversationList'
import { ConversationList, Stamp } from './Conversations.generated'

const POLL_MS = 5_000
const PAGE = 300

export interface ConversationsState {
  entries: Entry[] | null
  error: ApiError | null
  /** Changes whenever anything about the assignment has changed on the server. */
  stamp: string | null
  refetch: () => Promise<void>
}

/**
 * All conversations of an assignment. Every five seconds only the cheap stamp is asked for; the
 * list is read again when the stamp is another.
 */
export function useConversations(assignmentId: string): ConversationsState {
  const [entries, setEntries] = useState<Entry[] | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const stamp = useQuery(Stamp, { assignmentId }, { pollMs: POLL_MS })
  const current = stamp.data?.assignmentStamp ?? null
  const newest = useRef(0)

  const refetch = useCallback(async () => {
    newest.current += 1
    const turn = newest.current
    try {
      const all = await readAll(assignmentId)
      if (turn !== newest.current) return
      setEntries(all)
      setError(null)
    } catch (cause) {
      if (turn === newest.current) setError(cause instanceof ApiError ? cause : new ApiError('UNKNOWN', String(cause)))
    }
  }, [assignmentId])

  useEffect(() => {
    if (current !== null) queueMicrotask(() => void refetch())
  }, [current, refetch])

  return { entries, error: error ?? stamp.error, stamp: current, refetch }
}

async function readAll(assignmentId: string): Promise<Entry[]> {
  const all: Entry[] = []
  let afterId = '0'
  for (;;) {
    const { contactsForAssignment: page }: { contactsForAssignment: Entry[] } = await request(ConversationList, { assignmentId, afterId })
    all.push(...page)
    if (page.length < PAGE) return all
    // By number: ids are the key the pages run along.
    afterId = String(Math.max(...page.map((entry) => Number(entry.id))))
  }
}

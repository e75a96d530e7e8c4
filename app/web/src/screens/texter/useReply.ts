import { useCallback, useRef } from 'react'
import { ApiError, request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { keyFor, type Attempt } from './attempt'
import { SendReply } from './Conversations.generated'

/** Errors after which the text has certainly not gone out. */
const CERTAIN = new Set(['OPTED_OUT', 'TEXTING_HOURS', 'BAD_USER_INPUT', 'NOT_FOUND', 'FORBIDDEN', 'SUSPENDED', 'UNAUTHORIZED', 'CAMPAIGN_CLOSED', 'CAMPAIGN_ARCHIVED', 'TOO_MANY'])

interface To {
  contactId: string
  cell: string
  assignmentId: string
}

/** Sends a text in a conversation, one at a time, never twice. */
export function useReply({ contactId, cell, assignmentId }: To) {
  const last = useRef<Attempt | null>(null)
  return useAction(
    useCallback(
      async (text: string, cannedResponseId: number | null) => {
        const key = keyFor(text, last.current, () => crypto.randomUUID())
        last.current = { key, text, isUncertain: true }
        try {
          await request(SendReply, { contactId, message: { text, contactNumber: cell, assignmentId, cannedResponseId, isInitialMessage: false, idempotencyKey: key } })
          last.current = null
        } catch (error) {
          if (error instanceof ApiError && CERTAIN.has(error.code)) last.current = null
          throw error
        }
      },
      [contactId, cell, assignmentId],
    ),
  )
}

import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import { ApiError, request } from '../../api/client'
import { parseCustomFields, renderScript, type ScriptTexter } from '../../lib/script'
import { NextContacts, SendFirstMessage } from './InitialSend.generated'
import { advance, EMPTY_QUEUE, waitBefore, type SendQueue, type Waiting } from './sendQueue'

const PAGE = 50
/** Ask for more when so few are left. */
const LOW = 10

export interface Sending {
  queue: SendQueue
  head: Waiting | null
  /** The script as the head gets it. */
  text: string
  loadError: ApiError | null
  reload: () => void
  send: () => void
  repeat: () => void
  /** Goes on to the next, leaving the head for later. */
  pass: () => void
}

/** Feeds the line of contacts from the server, and sends for its head. */
export function useSending(assignmentId: string, script: string, texter: ScriptTexter): Sending {
  const [queue, step] = useReducer(advance, EMPTY_QUEUE)
  const { loadError, load } = useFeed(assignmentId, queue, (contacts) => {
    step({ kind: 'arrived', contacts, isLast: contacts.length < PAGE })
  })
  const head = queue.contacts[0] ?? null
  const text = head ? renderScript(script, { ...head, customFields: parseCustomFields(head.customFields) }, texter).text : ''

  // Guards clicks that come before React has drawn the first one.
  const busyKey = useRef<string | null>(null)
  const attempt = useCallback(
    async (contact: Waiting, key: string, words: string) => {
      const message = { text: words, contactNumber: contact.cell, assignmentId, isInitialMessage: true, idempotencyKey: key }
      try {
        await request(SendFirstMessage, { message, contactId: contact.id })
        busyKey.current = null
        step({ kind: 'accepted', key })
      } catch (error) {
        busyKey.current = null
        step({ kind: 'refused', key, code: error instanceof ApiError ? error.code : 'UNKNOWN' })
      }
    },
    [assignmentId],
  )
  const send = useCallback(() => {
    if (!head || busyKey.current !== null || queue.key !== null || queue.block !== null) return
    const key = crypto.randomUUID()
    busyKey.current = key
    step({ kind: 'clicked', key })
    void attempt(head, key, text)
  }, [attempt, head, text, queue.key, queue.block])
  const repeat = useCallback(() => {
    if (!head || busyKey.current !== null || queue.key === null) return
    busyKey.current = queue.key
    step({ kind: 'repeated' })
    void attempt(head, queue.key, text)
  }, [attempt, head, text, queue.key])
  useRepeating(queue, repeat)

  const pass = useCallback(() => {
    step({ kind: 'passed' })
  }, [])
  return { queue, head, text, loadError, reload: load, send, repeat, pass }
}

/** Fetches the next contacts whenever the line runs low. */
function useFeed(assignmentId: string, queue: SendQueue, onArrival: (contacts: Waiting[]) => void) {
  const [loadError, setLoadError] = useState<ApiError | null>(null)
  const [round, setRound] = useState(0)
  const arrive = useRef(onArrival)
  const afterId = useRef('0')
  useEffect(() => {
    arrive.current = onArrival
  })
  const isWanted = !queue.isExhausted && queue.contacts.length < LOW && queue.block === null
  useEffect(() => {
    if (!isWanted) return
    const controller = new AbortController()
    request(NextContacts, { assignmentId, afterId: afterId.current, limit: PAGE }, controller.signal).then(
      ({ contactsForAssignment: contacts }) => {
        if (controller.signal.aborted) return
        afterId.current = contacts.at(-1)?.id ?? afterId.current
        setLoadError(null)
        arrive.current(contacts)
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setLoadError(error instanceof ApiError ? error : new ApiError('UNKNOWN', String(error)))
      },
    )
    return () => {
      controller.abort()
    }
  }, [assignmentId, isWanted, round])
  const load = useCallback(() => {
    setLoadError(null)
    setRound((before) => before + 1)
  }, [])
  return { loadError, load }
}

/** Repeats a text whose fate is unknown: after a while, and at once when the connection is back. */
function useRepeating(queue: SendQueue, repeat: () => void): void {
  const attempts = queue.phase === 'failed' ? (queue.failure?.attempts ?? 0) : 0
  useEffect(() => {
    if (attempts === 0) return
    const timer = setTimeout(repeat, waitBefore(attempts))
    window.addEventListener('online', repeat)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('online', repeat)
    }
  }, [attempts, repeat])
}

/**
 * The line of contacts waiting for their first text, as a pure machine. One contact stands at the
 * head; a click gives the head a key, and the key stays until the server has said yes or no for
 * certain: repeating with it can never text anybody twice.
 */
import type { NextContactsQuery } from './InitialSend.generated'

export type Waiting = NextContactsQuery['contactsForAssignment'][number]

/** Codes that pass over one contact; the texter is told and goes on with the next. */
const SKIPPING = new Set(['OPTED_OUT', 'TEXTING_HOURS', 'DUPLICATE_MESSAGE', 'NOT_FOUND', 'BAD_USER_INPUT'])

/** Codes that end the sending altogether, and the screen that says so. */
const BLOCKING: Readonly<Record<string, Block>> = {
  CAMPAIGN_CLOSED_FOR_INITIAL_SENDS: 'closed',
  CAMPAIGN_CLOSED: 'over',
  CAMPAIGN_ARCHIVED: 'over',
  CAMPAIGN_NOT_STARTED: 'over',
  SUSPENDED: 'suspended',
  FORBIDDEN: 'changed',
}

export type Block = 'closed' | 'over' | 'suspended' | 'changed'

/** This many contacts gone to others in a row: the assignment itself has changed. */
const GONE_IN_A_ROW = 3

export interface SendQueue {
  contacts: Waiting[]
  /** The server has no more to hand out. */
  isExhausted: boolean
  sentCount: number
  lastSent: string | null
  /** The key of the text under way for the head, or null when nothing is. */
  key: string | null
  /** `failed`: unsure whether it went out; to be repeated with the same key. */
  phase: 'ready' | 'sending' | 'failed'
  failure: { code: string; attempts: number } | null
  skipped: { name: string; code: string }[]
  goneInARow: number
  block: Block | null
}

export type Step =
  | { kind: 'arrived'; contacts: Waiting[]; isLast: boolean }
  | { kind: 'clicked'; key: string }
  | { kind: 'repeated' }
  | { kind: 'passed' }
  | { kind: 'accepted'; key: string }
  | { kind: 'refused'; key: string; code: string }

export const EMPTY_QUEUE: SendQueue = {
  contacts: [],
  isExhausted: false,
  sentCount: 0,
  lastSent: null,
  key: null,
  phase: 'ready',
  failure: null,
  skipped: [],
  goneInARow: 0,
  block: null,
}

export function advance(queue: SendQueue, step: Step): SendQueue {
  switch (step.kind) {
    case 'arrived': {
      const known = new Set(queue.contacts.map((contact) => contact.id))
      const fresh = step.contacts.filter((contact) => !known.has(contact.id))
      return { ...queue, contacts: [...queue.contacts, ...fresh], isExhausted: step.isLast }
    }
    case 'clicked':
      // A second click while one is under way changes nothing.
      if (queue.key !== null || queue.contacts.length === 0 || queue.block !== null) return queue
      return { ...queue, key: step.key, phase: 'sending', failure: null }
    case 'repeated':
      return queue.phase === 'failed' ? { ...queue, phase: 'sending' } : queue
    case 'passed':
      return queue.phase === 'failed' ? { ...withoutHead(queue), skipped: [...queue.skipped, { name: nameOf(queue.contacts[0]), code: 'UNSURE' }] } : queue
    case 'accepted':
      if (queue.key !== step.key) return queue
      return { ...withoutHead(queue), sentCount: queue.sentCount + 1, lastSent: nameOf(queue.contacts[0]), goneInARow: 0 }
    case 'refused':
      return queue.key === step.key ? refused(queue, step.code) : queue
  }
}

function refused(queue: SendQueue, code: string): SendQueue {
  const block = BLOCKING[code]
  if (block) return { ...queue, key: null, phase: 'ready', failure: null, block }
  if (SKIPPING.has(code)) {
    const goneInARow = code === 'NOT_FOUND' ? queue.goneInARow + 1 : 0
    const skipped = [...queue.skipped, { name: nameOf(queue.contacts[0]), code }]
    return { ...withoutHead(queue), skipped, goneInARow, block: goneInARow >= GONE_IN_A_ROW ? 'changed' : null }
  }
  // No answer, or one that does not say whether the text went out.
  return { ...queue, phase: 'failed', failure: { code, attempts: (queue.failure?.attempts ?? 0) + 1 } }
}

function withoutHead(queue: SendQueue): SendQueue {
  return { ...queue, contacts: queue.contacts.slice(1), key: null, phase: 'ready', failure: null }
}

function nameOf(contact: Waiting | undefined): string {
  return contact?.firstName ?? ''
}

/** Whether the texter may go on to the next: it is not the connection, and it has failed often. */
export function mayPass({ failure }: SendQueue): boolean {
  return failure !== null && failure.attempts >= 3 && failure.code !== 'NETWORK'
}

/** How long to wait before repeating by itself: 1, 2, 4, ... at most 20 seconds. */
export function waitBefore(attempt: number): number {
  return Math.min(2 ** (attempt - 1), 20) * 1000
}

import type { ConversationListQuery } from './Conversations.generated'

export type Entry = ConversationListQuery['contactsForAssignment'][number]
export type Tab = 'active' | 'skipped'

/** Who waits for an answer comes first, the longest wait on top; then the newest talk. */
export function entriesOf(entries: readonly Entry[], tab: Tab, search: string): Entry[] {
  const words = search.trim().toLowerCase()
  const waits = (entry: Entry) => entry.messageStatus === 'needsResponse'
  return entries
    .filter((entry) => (entry.messageStatus === 'closed') === (tab === 'skipped'))
    .filter((entry) => `${entry.firstName} ${entry.lastName}`.toLowerCase().includes(words))
    .sort((a, b) => {
      if (waits(a) !== waits(b)) return waits(a) ? -1 : 1
      const order = a.updatedAt.localeCompare(b.updatedAt)
      return waits(a) ? order : -order
    })
}

/** The conversation to go to after this one: the next that waits, else the next active one. */
export function nextAfter(entries: readonly Entry[], contactId: string): string | null {
  const others = entriesOf(entries, 'active', '').filter((entry) => entry.id !== contactId)
  return others[0]?.id ?? null
}

export function waitingCount(entries: readonly Entry[]): number {
  return entries.filter((entry) => entry.messageStatus === 'needsResponse').length
}

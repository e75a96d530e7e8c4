import { hoursOf, hoursWords } from '../../lib/hours'
import { texter } from '../../text/texter'
import type { AssignmentCardFragment } from './Todos.generated'

export type Todo = AssignmentCardFragment

/** What a card offers and says, decided in one place. */
export interface Offer {
  /** First texts: those at hand, or a new batch. */
  first: 'send' | 'request' | null
  hasConversations: boolean
  note: string | null
}

export function offerOf(todo: Todo): Offer {
  const { contactCounts: counts, campaign } = todo
  const hasConversations = counts.needsResponse + counts.convo + counts.closed > 0
  if (campaign.status !== 'ACTIVE') return { first: null, hasConversations, note: texter.card.closedForFirst }
  if (counts.needsMessage > 0) {
    if (todo.sendableNow > 0) return { first: 'send', hasConversations, note: null }
    const hours = hoursOf(campaign)
    const note = hours ? texter.card.outsideHours(hoursWords(hours)) : texter.card.outsideHoursPlain
    return { first: null, hasConversations, note }
  }
  if (!todo.hasUnassignedContactsForTexter) return { first: null, hasConversations, note: texter.card.allSent }
  if (counts.needsResponse > 0) return { first: null, hasConversations, note: texter.card.answerFirst }
  return { first: 'request', hasConversations, note: null }
}

/** Running ones first, then those with something to send, then with replies waiting, then the newest. */
export function inOrder(todos: readonly Todo[]): Todo[] {
  const rank = ({ campaign, contactCounts }: Todo) =>
    (campaign.status === 'ACTIVE' ? 4 : 0) + (contactCounts.needsMessage > 0 ? 2 : 0) + (contactCounts.needsResponse > 0 ? 1 : 0)
  return [...todos].sort((a, b) => rank(b) - rank(a) || Number(b.campaign.id) - Number(a.campaign.id))
}

/** The list of prepared responses while it is edited. */
import type { EditCampaignMutationVariables } from './CampaignEdit.generated'
import type { EditedCampaign } from './sections'

export interface Draft {
  /** The server's id, or one of our own while it is new. */
  id: string
  isNew: boolean
  title: string
  text: string
}

type Saved = EditedCampaign['cannedResponses']
type Input = NonNullable<EditCampaignMutationVariables['campaign']['cannedResponses']>

export function draftsOf(saved: Saved): Draft[] {
  return [...saved].sort((a, b) => a.order - b.order).map(({ id, title, text }) => ({ id, title, text, isNew: false }))
}

export function moved(drafts: readonly Draft[], from: number, to: number): Draft[] {
  const next = [...drafts]
  const [taken] = next.splice(from, 1)
  if (taken) next.splice(to, 0, taken)
  return next
}

export function isChangedFrom(saved: Saved, drafts: readonly Draft[]): boolean {
  return JSON.stringify(draftsOf(saved)) !== JSON.stringify(drafts)
}

/** The whole list in its order, and after it what was removed. */
export function inputOf(saved: Saved, drafts: readonly Draft[]): Input {
  const kept = drafts.map(({ id, title, text, isNew }) => {
    if (isNew) return { title: title.trim(), text: text.trim(), isNew: true }
    const before = saved.find((response) => response.id === id)
    return { id, title: title.trim(), text: text.trim(), isUpdated: before?.title !== title || before.text !== text }
  })
  const removed = saved.filter(({ id }) => !drafts.some((draft) => draft.id === id))
  return [...kept, ...removed.map(({ id, title, text }) => ({ id, title, text, deleted: true, isUpdated: true }))]
}

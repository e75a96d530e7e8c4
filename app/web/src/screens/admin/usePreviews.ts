import { useEffect, useState } from 'react'
import { useQuery } from '../../api/useQuery'
import { parseCustomFields, renderScript, type ScriptTexter } from '../../lib/script'
import { asSent, countSegments } from '../../lib/segments'
import { ScriptPreview } from './CampaignEdit.generated'
import type { EditedCampaign } from './sections'

export interface Preview {
  id: string
  name: string
  text: string
  missingFields: string[]
  segments: number
}

/** So long after the last key the server is asked. */
const TYPING_MS = 500

/**
 * The script for the sample contacts: rendered here while somebody types, and by the server as soon
 * as they pause. Both follow the same rules; the server's word is the last.
 */
export function usePreviews(campaign: EditedCampaign, script: string, texter: ScriptTexter): Preview[] {
  const [paused, setPaused] = useState(script)
  useEffect(() => {
    const timer = setTimeout(() => { setPaused(script) }, TYPING_MS)
    return () => { clearTimeout(timer) }
  }, [script])
  const isPaused = paused.trim() === '' || campaign.contactsCount === 0
  const { data } = useQuery(ScriptPreview, { campaignId: campaign.id, script: paused }, { isPaused })
  const fromServer = paused === script ? data?.campaign?.scriptPreview : undefined

  const nameOf = (contact: { firstName: string; lastName: string }) => `${contact.firstName} ${contact.lastName}`
  const last = data?.campaign?.scriptPreview
  // Who may not see the contacts has the server's word only.
  if (!campaign.contactsPreview) {
    return (last ?? []).map(({ contact, ...rendered }) => ({ id: contact.id, name: nameOf(contact), ...rendered }))
  }
  return campaign.contactsPreview.map((contact) => {
    const name = nameOf(contact)
    const answer = fromServer?.find((candidate) => candidate.contact.id === contact.id)
    if (answer) return { id: contact.id, name, text: answer.text, missingFields: answer.missingFields, segments: answer.segments }
    const { text, missingFields } = renderScript(script, { ...contact, customFields: parseCustomFields(contact.customFields) }, texter)
    return { id: contact.id, name, text, missingFields, segments: countSegments(asSent(text)).segments }
  })
}

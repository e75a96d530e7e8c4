/** The sections of a campaign's form: which are complete, and what keeps it from starting. */
import { unknownFields } from '../../lib/script'
import { admin } from '../../text/admin'
import type { CampaignEditQuery } from './CampaignEdit.generated'

export type EditedCampaign = NonNullable<CampaignEditQuery['campaign']>
/** The sample of contacts, which only admins see. */
export type SampleContact = NonNullable<EditedCampaign['contactsPreview']>[number]
export type SectionName = 'basics' | 'contacts' | 'script' | 'responses' | 'hours'
export const SECTIONS: readonly SectionName[] = ['basics', 'contacts', 'script', 'responses', 'hours']

export function scriptOf(campaign: Pick<EditedCampaign, 'interactionSteps'>): string {
  return campaign.interactionSteps.find((step) => step.parentInteractionId === null)?.script ?? ''
}

export function isImporting(campaign: Pick<EditedCampaign, 'contactImportJob'>): boolean {
  return campaign.contactImportJob?.status === 'PENDING' || campaign.contactImportJob?.status === 'RUNNING'
}

export function isStarting(campaign: Pick<EditedCampaign, 'startJob' | 'isStarted'>): boolean {
  return !campaign.isStarted && (campaign.startJob?.status === 'PENDING' || campaign.startJob?.status === 'RUNNING')
}

export function isComplete(section: SectionName, campaign: EditedCampaign): boolean {
  switch (section) {
    case 'basics':
      return campaign.title.trim() !== '' && campaign.description.trim() !== '' && campaign.dueBy !== null
    case 'contacts':
      return campaign.contactsCount > 0 && !isImporting(campaign)
    case 'script': {
      const script = scriptOf(campaign)
      return script.trim() !== '' && unknownFields(script, campaign.customFields).length === 0
    }
    case 'responses':
      return campaign.cannedResponses.every(({ text }) => unknownFields(text, campaign.customFields).length === 0)
    case 'hours':
      return true
  }
}

/** What is still to be done before the campaign can start, in the order of the sections. */
export function startObstacles(campaign: EditedCampaign, unsaved: ReadonlySet<SectionName>): string[] {
  return SECTIONS.flatMap((section) => {
    if (!isComplete(section, campaign)) return [admin.edit.todo[section]]
    return unsaved.has(section) ? [admin.edit.unsaved(admin.edit.sections[section])] : []
  })
}

/** Where saving a section leads: to the one below, and from the last one to whatever is still to do. */
export function nextSection(section: SectionName, campaign: EditedCampaign): SectionName | null {
  const below = SECTIONS[SECTIONS.indexOf(section) + 1]
  return below ?? SECTIONS.find((name) => name !== section && !isComplete(name, campaign)) ?? null
}

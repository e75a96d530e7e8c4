/** The sections of a campaign's form: which are complete, and what keeps it from starting. */
import { unknownFields } from '../../lib/script'
import { admin } from '../../text/admin'
import type { CampaignEditQuery } from './CampaignEdit.generated'

export type EditedCampaign = NonNullable<CampaignEditQuery['campaign']>
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

export function nextSection(section: SectionName): SectionName | null {
  return SECTIONS[SECTIONS.indexOf(section) + 1] ?? null
}

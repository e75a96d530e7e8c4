import type { ReactNode } from 'react'
import { hoursOf, hoursWords } from '../../lib/hours'
import { dayWords } from '../../lib/time'
import { admin } from '../../text/admin'
import { cx } from '../../ui/cx'
import { CheckIcon, ChevronIcon } from '../../ui/icons'
import { BasicsSection } from './BasicsSection'
import styles from './CampaignEdit.module.css'
import type { CampaignEditQuery } from './CampaignEdit.generated'
import { ContactsSection } from './ContactsSection'
import { HoursSection } from './HoursSection'
import { ResponsesSection } from './ResponsesSection'
import { ScriptSection } from './ScriptSection'
import { isComplete, scriptOf, SECTIONS, type EditedCampaign, type SectionName } from './sections'

export interface SectionProps {
  campaign: EditedCampaign
  /** Texter's name in previews. */
  me: NonNullable<CampaignEditQuery['currentUser']>
  organizationId: string
  /** Going through the sections for the first time: saving leads to the next one. */
  isNew: boolean
  onUnsaved: (section: SectionName, isUnsaved: boolean) => void
  onSaved: (section: SectionName) => Promise<void>
  refetch: () => Promise<void>
}

interface Props extends SectionProps {
  open: SectionName | null
  onOpen: (section: SectionName | null) => void
}

function contentOf(name: SectionName, props: SectionProps): ReactNode {
  switch (name) {
    case 'basics':
      return <BasicsSection {...props} />
    case 'contacts':
      return <ContactsSection {...props} />
    case 'script':
      return <ScriptSection {...props} />
    case 'responses':
      return <ResponsesSection {...props} />
    case 'hours':
      return <HoursSection {...props} />
  }
}

function summaryOf(name: SectionName, campaign: EditedCampaign): string {
  switch (name) {
    case 'basics':
      return admin.basics.summary(campaign.description || campaign.title, campaign.dueBy && dayWords(campaign.dueBy))
    case 'contacts':
      return campaign.contactsCount > 0 ? admin.contacts.summary(campaign.contactsCount) : admin.contacts.none
    case 'script':
      return scriptOf(campaign) || admin.script.none
    case 'responses':
      return campaign.cannedResponses.length > 0 ? admin.responses.summary(campaign.cannedResponses.length) : admin.responses.none
    case 'hours': {
      const hours = hoursOf(campaign)
      return hours ? hoursWords(hours) : admin.hours.anyTime
    }
  }
}

/** An accordion: every section's state at a glance, and one open to work on. What is typed stays while closed. */
export function EditSections({ open, onOpen, ...props }: Props) {
  return (
    <div className={styles.sections}>
      {SECTIONS.map((name) => {
        const isOpen = open === name
        const isDone = isComplete(name, props.campaign)
        return (
          <section key={name} className={cx(styles.section, isDone && styles.isDone)} aria-labelledby={`section-${name}`}>
            <h2>
              <button
                type="button"
                id={`section-${name}`}
                className={styles.opener}
                aria-expanded={isOpen}
                aria-controls={`content-${name}`}
                onClick={() => { onOpen(isOpen ? null : name) }}
              >
                <span className={styles.tick}>
                  <CheckIcon size={16} />
                  <span className="visually-hidden">{isDone ? admin.edit.done : admin.edit.open}</span>
                </span>
                <span>
                  <span className={styles.heading}>{admin.edit.sections[name]}</span>
                  <span className={styles.summary} style={{ fontWeight: 400, fontSize: '1rem' }}>{summaryOf(name, props.campaign)}</span>
                </span>
                <ChevronIcon />
              </button>
            </h2>
            <div id={`content-${name}`} className={styles.content} hidden={!isOpen} style={isOpen ? undefined : { display: 'none' }}>
              {contentOf(name, props)}
            </div>
          </section>
        )
      })}
    </div>
  )
}

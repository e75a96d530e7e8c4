import { admin } from '../../text/admin'
import { durationWords } from '../../lib/time'
import { Button } from '../../ui/Button'
import { Chip, Notice, Progress } from '../../ui/Surface'
import type { SectionProps } from './EditSections'
import { ContactSample } from './ContactSample'
import { ImportReport } from './ImportReport'
import { ReplaceContacts } from './ReplaceContacts'
import { isImporting, type EditedCampaign } from './sections'
import styles from './ContactFile.module.css'

/** The people to text: how the upload goes, what was turned away, who is there. */
export function ContactsSection(props: SectionProps) {
  const { campaign } = props
  const isBusy = isImporting(campaign)
  const hasFailed = campaign.contactImportJob?.status === 'FAILED'
  return (
    <div className="stack-loose">
      {isBusy && <ImportProgress campaign={campaign} />}
      {hasFailed && (
        <Notice tone="danger" title={admin.contacts.failed}>
          {campaign.contactImportJob?.resultMessage} {campaign.contactsCount > 0 && admin.contacts.failedKept}
        </Notice>
      )}
      {!isBusy && campaign.contactImport && <ImportReport report={campaign.contactImport} />}
      {campaign.contactsCount > 0 && (
        <>
          {campaign.contactsPreview && <ContactSample campaign={campaign} />}
          {campaign.customFields.length > 0 && (
            <div className="stack" style={{ gap: '0.5rem' }}>
              <h3>{admin.contacts.fields}</h3>
              <ul className={styles.columns}>
                {campaign.customFields.map((name) => <li key={name}><Chip>{`{${name}}`}</Chip></li>)}
              </ul>
            </div>
          )}
        </>
      )}
      {campaign.isStarted && <Notice>{admin.contacts.fixed}</Notice>}
      {!campaign.isStarted && !isBusy && campaign.contactsPreview && <ReplaceContacts {...props} />}
      {props.isNew && !isBusy && campaign.contactsCount > 0 && (
        <div>
          <Button kind="primary" onClick={() => void props.onSaved('contacts')}>{admin.edit.saveNext}</Button>
        </div>
      )}
    </div>
  )
}

function ImportProgress({ campaign }: { campaign: EditedCampaign }) {
  const job = campaign.contactImportJob
  if (!job) return null
  // By the server's own clock: how long it took to come this far.
  const seconds = (Date.parse(job.updatedAt) - Date.parse(job.createdAt)) / 1000
  const remaining = job.progress > 0.02 ? (seconds / job.progress) * (1 - job.progress) : null
  return (
    <div className="stack" style={{ gap: '0.5rem' }} role="status">
      <Progress label={admin.contacts.importing(campaign.contactFileName ?? '')} value={job.progress} />
      <p className="quiet">
        {admin.contacts.importingHint} {remaining !== null && admin.contacts.remaining(durationWords(remaining))}
      </p>
    </div>
  )
}

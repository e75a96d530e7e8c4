import { useCallback, useState } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import { ErrorNotice, Progress } from '../../ui/Surface'
import { columnsOf, problemOf, type ChosenFile } from './chosenFile'
import { ContactFile } from './ContactFile'
import type { SectionProps } from './EditSections'
import { UploadContacts } from './Upload.generated'
import { uploadFile } from './uploadFile'

/** Another file for a campaign that has not started. */
export function ReplaceContacts({ campaign, organizationId, refetch }: SectionProps) {
  const isFirst = campaign.contactsCount === 0
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState<ChosenFile | null>(null)
  const [share, setShare] = useState(0)
  const upload = useAction(
    useCallback(async () => {
      if (!chosen) return
      setShare(0)
      const s3Key = await uploadFile(organizationId, chosen.file, setShare)
      await request(UploadContacts, { campaignId: campaign.id, s3Key, contactFileName: chosen.file.name, contactColumns: columnsOf(chosen) })
      setChosen(null)
      setOpen(false)
      await refetch()
    }, [chosen, organizationId, campaign.id, refetch]),
  )
  if (!isOpen && !isFirst) {
    return (
      <div>
        <Button onClick={() => { setOpen(true) }}>{admin.contacts.replace}</Button>
      </div>
    )
  }
  return (
    <div className="stack">
      {!isFirst && (
        <div>
          <h3>{admin.contacts.replace}</h3>
          <p className="quiet">{admin.contacts.replaceHint}</p>
        </div>
      )}
      <ContactFile chosen={chosen} isDisabled={upload.isRunning} onChoose={setChosen} />
      <ErrorNotice error={upload.error} title={admin.upload.failed} />
      {upload.isRunning && <Progress label={admin.upload.uploading} value={share} />}
      <div>
        <Button kind="primary" disabled={chosen === null || problemOf(chosen) !== null} isBusy={upload.isRunning} onClick={() => void upload.run()}>
          {isFirst ? admin.upload.upload : admin.upload.uploadAgain}
        </Button>
      </div>
    </div>
  )
}

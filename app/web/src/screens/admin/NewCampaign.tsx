import { useCallback, useState, type SubmitEvent } from 'react'
import { useNavigate } from 'react-router'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { Page, PageHead } from '../../ui/Page'
import { Card, ErrorNotice, Progress } from '../../ui/Surface'
import { useAdmin } from './AdminFrame'
import { columnsOf, problemOf, type ChosenFile } from './chosenFile'
import { ContactFile } from './ContactFile'
import { CreateCampaign } from './Upload.generated'
import { uploadFile } from './uploadFile'

/** A campaign begins with its contacts. */
export function Component() {
  const { organizationId } = useAdmin()
  const navigate = useNavigate()
  const [title, setTitle] = useState('')
  const [chosen, setChosen] = useState<ChosenFile | null>(null)
  const [share, setShare] = useState(0)
  const create = useAction(
    useCallback(async () => {
      if (!chosen) return
      setShare(0)
      const contactsS3Key = await uploadFile(organizationId, chosen.file, setShare)
      const campaign = { organizationId, title: title.trim() === '' ? admin.upload.defaultName : title.trim() }
      const made = await request(CreateCampaign, { campaign, contactsS3Key, contactFileName: chosen.file.name, contactColumns: columnsOf(chosen) })
      await navigate(`/admin/${organizationId}/campaigns/${made.createCampaign.id}/edit?new=true`)
    }, [chosen, organizationId, title, navigate]),
  )
  const isReady = chosen !== null && problemOf(chosen) === null
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (isReady) void create.run()
  }

  return (
    <Page isNarrow>
      <PageHead title={admin.upload.title} back={{ to: `/admin/${organizationId}/campaigns`, label: admin.upload.back }}>
        <p className="quiet">{admin.upload.lead}</p>
      </PageHead>
      <Card>
        <form className="stack-loose" onSubmit={submit}>
          <TextField label={admin.upload.name} hint={admin.upload.nameHint} isOptional maxLength={200} value={title} onChange={(event) => { setTitle(event.target.value) }} />
          <div className="stack">
            <h2>{admin.upload.file}</h2>
            <ContactFile chosen={chosen} isDisabled={create.isRunning} onChoose={setChosen} />
          </div>
          <ErrorNotice error={create.error} title={admin.upload.failed} />
          {create.isRunning && <Progress label={admin.upload.uploading} value={share} />}
          <div>
            <Button type="submit" kind="primary" disabled={!isReady} isBusy={create.isRunning}>{admin.upload.upload}</Button>
          </div>
        </form>
      </Card>
    </Page>
  )
}

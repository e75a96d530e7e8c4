import { useCallback, useState, type SubmitEvent } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { Card, ErrorNotice, Progress } from '../../ui/Surface'
import { OptOutJobNotice } from './OptOutJobNotice'
import { ImportOptOuts as Import } from './OptOuts.generated'
import { uploadFile } from './uploadFile'

const words = admin.optOuts.import

export function ImportOptOuts({ organizationId }: { organizationId: string }) {
  const [file, setFile] = useState<File | null>(null)
  const [reason, setReason] = useState<string>(words.defaultReason)
  const [isChecked, setChecked] = useState(false)
  const [share, setShare] = useState(0)
  const [jobId, setJobId] = useState<string | null>(null)
  const upload = useAction(
    useCallback(async (chosen: File) => {
      setShare(0)
      setJobId(null)
      const s3Key = await uploadFile(organizationId, chosen, setShare)
      const { importOptOuts: job } = await request(Import, { organizationId, s3Key, reasonCode: reason.trim() })
      setJobId(job.id)
    }, [organizationId, reason]),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setChecked(true)
    if (file && reason.trim() !== '') void upload.run(file)
  }
  return (
    <Card>
      <form className="stack" onSubmit={submit} noValidate>
        <h2>{words.title}</h2>
        <p className="quiet">{words.text}</p>
        <TextField label={words.file} type="file" accept=".csv,.txt,text/csv,text/plain" error={isChecked && !file ? words.noFile : null} onChange={(event) => { setFile(event.target.files?.[0] ?? null) }} />
        <TextField label={words.reason} hint={words.reasonHint} maxLength={200} error={isChecked && reason.trim() === '' ? words.noReason : null} value={reason} onChange={(event) => { setReason(event.target.value) }} />
        <ErrorNotice error={upload.error} title={words.failed} />
        {upload.isRunning && <Progress label={words.uploading} value={share} />}
        {jobId !== null && <OptOutJobNotice key={jobId} jobId={jobId} working={words.working} failed={words.failed} download={words.rejected} />}
        <div>
          <Button type="submit" kind="primary" isBusy={upload.isRunning}>{words.submit}</Button>
        </div>
      </form>
    </Card>
  )
}

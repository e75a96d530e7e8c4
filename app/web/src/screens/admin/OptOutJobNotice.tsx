import { useState } from 'react'
import { useQuery } from '../../api/useQuery'
import { DownIcon } from '../../ui/icons'
import { ErrorNotice, Notice, Progress } from '../../ui/Surface'
import { OptOutJob } from './OptOuts.generated'

const POLL_MS = 1000

interface Props {
  jobId: string
  /** What it does, while it does it. */
  working: string
  failed: string
  /** What its file is. */
  download: string
}

/** How far a job is; in the end what it came to, and its file. */
export function OptOutJobNotice({ jobId, working, failed, download }: Props) {
  const [isOver, setOver] = useState(false)
  const { data, error } = useQuery(OptOutJob, { jobId }, { pollMs: isOver ? undefined : POLL_MS })
  const job = data?.backgroundJob
  if (job && (job.status === 'DONE' || job.status === 'FAILED') && !isOver) setOver(true)
  if (job?.status === 'FAILED') return <Notice tone="danger" title={failed}>{job.resultMessage}</Notice>
  if (job?.status !== 'DONE') {
    return (
      <>
        <ErrorNotice error={error} />
        <Progress label={working} value={job?.progress ?? 0} />
      </>
    )
  }
  return (
    <Notice tone="success">
      {job.resultMessage}
      {job.resultUrl != null && (
        <p>
          <a href={job.resultUrl} download><DownIcon size={16} /> {download}</a>
        </p>
      )}
    </Notice>
  )
}

import { useCallback, useState } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import { Card, ErrorNotice } from '../../ui/Surface'
import { OptOutJobNotice } from './OptOutJobNotice'
import { ExportOptOuts as Export } from './OptOuts.generated'

const words = admin.optOuts.export

export function ExportOptOuts({ organizationId }: { organizationId: string }) {
  const [jobId, setJobId] = useState<string | null>(null)
  const order = useAction(
    useCallback(async () => {
      setJobId(null)
      const { exportOptOuts: job } = await request(Export, { organizationId })
      setJobId(job.id)
    }, [organizationId]),
  )
  return (
    <Card className="stack">
      <h2>{words.title}</h2>
      <p className="quiet">{words.text}</p>
      <ErrorNotice error={order.error} title={words.failed} />
      {jobId !== null && <OptOutJobNotice key={jobId} jobId={jobId} working={words.working} failed={words.failed} download={words.download} />}
      <div>
        <Button isBusy={order.isRunning} onClick={() => void order.run()}>{words.submit}</Button>
      </div>
    </Card>
  )
}

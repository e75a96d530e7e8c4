import { useCallback, useState } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { common } from '../../text/common'
import { Button } from '../../ui/Button'
import { Dialog, DialogActions } from '../../ui/Dialog'
import { Card, ErrorNotice, Notice, Progress } from '../../ui/Surface'
import { StartCampaign } from './CampaignEdit.generated'
import styles from './CampaignEdit.module.css'
import { isStarting, startObstacles, type EditedCampaign, type SectionName } from './sections'

interface Props {
  campaign: EditedCampaign
  unsaved: ReadonlySet<SectionName>
  mayStart: boolean
  refetch: () => Promise<void>
}

/** What is missing before the start, and the button that starts. */
export function StartPanel({ campaign, unsaved, mayStart, refetch }: Props) {
  const [isAsking, setAsking] = useState(false)
  const obstacles = startObstacles(campaign, unsaved)
  const start = useAction(
    useCallback(async () => {
      await request(StartCampaign, { campaignId: campaign.id })
      setAsking(false)
      await refetch()
    }, [campaign.id, refetch]),
  )
  const isUnderWay = isStarting(campaign)
  return (
    <Card className="stack" aria-label={admin.edit.start}>
      <h2>{obstacles.length > 0 ? admin.edit.missingTitle : admin.edit.readyTitle}</h2>
      {obstacles.length > 0 && <ul className={styles.todo}>{obstacles.map((words) => <li key={words}>{words}</li>)}</ul>}
      {obstacles.length === 0 && <p className="quiet">{admin.edit.readyText}</p>}
      {campaign.startJob?.status === 'FAILED' && <Notice tone="danger" title={admin.edit.startFailed}>{campaign.startJob.resultMessage}</Notice>}
      {isUnderWay && <Progress label={admin.edit.starting} value={campaign.startJob?.progress ?? 0} />}
      {mayStart && (
        <Button kind="primary" size="large" isWide disabled={obstacles.length > 0} isBusy={isUnderWay} onClick={() => { setAsking(true) }}>
          {admin.edit.start}
        </Button>
      )}
      <Dialog title={admin.edit.startTitle} isOpen={isAsking} onClose={() => { setAsking(false) }}>
        <p>{admin.edit.startText(campaign.contactsCount)}</p>
        <ErrorNotice error={start.error} title={admin.edit.startFailed} />
        <DialogActions>
          <Button onClick={() => { setAsking(false) }}>{common.cancel}</Button>
          <Button kind="primary" isBusy={start.isRunning} onClick={() => void start.run()}>{admin.edit.start}</Button>
        </DialogActions>
      </Dialog>
    </Card>
  )
}

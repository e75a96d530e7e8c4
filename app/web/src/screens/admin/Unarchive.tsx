import { useCallback, useState } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { common } from '../../text/common'
import { Button } from '../../ui/Button'
import { Dialog, DialogActions } from '../../ui/Dialog'
import { ErrorNotice } from '../../ui/Surface'
import { UnarchiveCampaign } from './CampaignStats.generated'

/** Opens an archived campaign again, once somebody has read what does not come back. */
export function Unarchive({ campaignId, refetch }: { campaignId: string; refetch: () => Promise<void> }) {
  const [isAsking, setAsking] = useState(false)
  const open = useAction(
    useCallback(async () => {
      await request(UnarchiveCampaign, { campaignId })
      setAsking(false)
      await refetch()
    }, [campaignId, refetch]),
  )
  return (
    <>
      <Button onClick={() => { setAsking(true) }}>{admin.stats.unarchive}</Button>
      <Dialog title={admin.stats.unarchiveTitle} isOpen={isAsking} onClose={() => { setAsking(false) }}>
        <p>{admin.stats.unarchiveText}</p>
        <ErrorNotice error={open.error} />
        <DialogActions>
          <Button onClick={() => { setAsking(false) }}>{common.cancel}</Button>
          <Button kind="primary" isBusy={open.isRunning} onClick={() => void open.run()}>{admin.stats.unarchiveConfirm}</Button>
        </DialogActions>
      </Dialog>
    </>
  )
}

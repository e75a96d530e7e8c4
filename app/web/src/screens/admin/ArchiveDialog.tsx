import { useCallback, useState } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { common } from '../../text/common'
import { Button } from '../../ui/Button'
import { Dialog, DialogActions } from '../../ui/Dialog'
import { TextField } from '../../ui/Field'
import { ErrorNotice } from '../../ui/Surface'
import { ArchiveCampaign } from './CampaignStats.generated'

interface Props {
  campaignId: string
  isOpen: boolean
  onClose: () => void
  refetch: () => Promise<void>
}

/** Everybody stops at once and phone numbers do not come back, so a word has to be typed. */
export function ArchiveDialog({ campaignId, isOpen, onClose, refetch }: Props) {
  const [typed, setTyped] = useState('')
  const archive = useAction(
    useCallback(async () => {
      await request(ArchiveCampaign, { campaignId })
      onClose()
      await refetch()
    }, [campaignId, onClose, refetch]),
  )
  return (
    <Dialog title={admin.stats.archiveTitle} isOpen={isOpen} onClose={onClose}>
      <p>{admin.stats.archiveText}</p>
      <TextField label={admin.stats.archiveType} autoComplete="off" value={typed} onChange={(event) => { setTyped(event.target.value) }} />
      <ErrorNotice error={archive.error} />
      <DialogActions>
        <Button onClick={onClose}>{common.cancel}</Button>
        <Button kind="danger" disabled={typed !== admin.stats.archiveWord} isBusy={archive.isRunning} onClick={() => void archive.run()}>{admin.stats.archiveConfirm}</Button>
      </DialogActions>
    </Dialog>
  )
}

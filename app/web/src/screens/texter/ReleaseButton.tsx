import { useCallback, useState } from 'react'
import { useNavigate } from 'react-router'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { common } from '../../text/common'
import { texter } from '../../text/texter'
import { Button } from '../../ui/Button'
import { Dialog, DialogActions } from '../../ui/Dialog'
import { ErrorNotice } from '../../ui/Surface'
import { ReleaseUnmessagedContacts } from './InitialSend.generated'

/** Gives back what has not been texted, after asking. */
export function ReleaseButton({ assignmentId, count, to }: { assignmentId: string; count: number; to: string }) {
  const navigate = useNavigate()
  const [isOpen, setOpen] = useState(false)
  const release = useAction(
    useCallback(async () => {
      await request(ReleaseUnmessagedContacts, { assignmentId })
      await navigate(to)
    }, [assignmentId, navigate, to]),
  )
  return (
    <>
      <Button kind="quiet" size="small" onClick={() => { setOpen(true) }}>{texter.send.release}</Button>
      <Dialog title={texter.send.releaseTitle} isOpen={isOpen} onClose={() => { setOpen(false) }}>
        <p>{texter.send.releaseText(count)}</p>
        <ErrorNotice error={release.error} />
        <DialogActions>
          <Button onClick={() => { setOpen(false) }}>{common.cancel}</Button>
          <Button kind="primary" isBusy={release.isRunning} onClick={() => void release.run()}>{texter.send.releaseConfirm}</Button>
        </DialogActions>
      </Dialog>
    </>
  )
}

import { useCallback, useState } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { texter } from '../../text/texter'
import { announce } from '../../ui/announce'
import { Button } from '../../ui/Button'
import { Dialog, DialogActions } from '../../ui/Dialog'
import { TextArea } from '../../ui/Field'
import { ErrorNotice } from '../../ui/Surface'
import type { TalkAssignment } from './Conversations'
import { CreateOptOut } from './Conversations.generated'
import type { Contact } from './ThreadPane'
import { useReply } from './useReply'

interface Props {
  contact: Contact
  assignment: TalkAssignment
  isOpen: boolean
  onClose: () => void
  onDone: () => void
}

/** Opts a contact out, with a last text or without; each step that fails says what is done and what is not. */
export function OptOutDialog({ contact, assignment, isOpen, onClose, onDone }: Props) {
  const [text, setText] = useState(assignment.campaign.organization.optOutMessage)
  const reply = useReply({ contactId: contact.id, cell: contact.cell, assignmentId: assignment.id })
  const optOut = useAction(
    useCallback(async () => {
      await request(CreateOptOut, { contactId: contact.id, optOut: { assignmentId: assignment.id, cell: contact.cell } })
      announce(texter.talk.optOutDone(contact.firstName))
      onClose()
      onDone()
    }, [contact, assignment.id, onClose, onDone]),
  )
  const withText = async () => {
    const words = text.trim()
    if (words !== '' && contact.isTextable && !(await reply.run(words, null))) return
    // Sent once: should opting out fail now, trying again must not text them again.
    setText('')
    await optOut.run()
  }
  const hasText = text.trim() !== '' && contact.isTextable

  return (
    <Dialog title={texter.talk.optOutTitle(contact.firstName)} isOpen={isOpen} onClose={onClose}>
      <p>{texter.talk.optOutText}</p>
      {contact.isTextable && <TextArea label={texter.talk.optOutMessage} rows={3} value={text} readOnly={reply.isRunning} onChange={(event) => { setText(event.target.value) }} />}
      <ErrorNotice error={reply.error} title={texter.talk.optOutTextFailed} />
      <ErrorNotice error={optOut.error} title={texter.talk.optOutFailed} />
      <DialogActions>
        {hasText && <Button isBusy={optOut.isRunning} disabled={reply.isRunning} onClick={() => void optOut.run()}>{texter.talk.optOutSilent}</Button>}
        <Button kind="danger" isBusy={reply.isRunning || optOut.isRunning} onClick={() => void withText()}>
          {hasText ? texter.talk.optOutSend : texter.talk.optOutSilent}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

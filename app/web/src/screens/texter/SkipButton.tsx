import { useCallback } from 'react'
import { request } from '../../api/client'
import { describe } from '../../api/describe'
import { useAction } from '../../api/useAction'
import { texter } from '../../text/texter'
import { announce } from '../../ui/announce'
import { Button } from '../../ui/Button'
import { EditMessageStatus } from './Conversations.generated'
import type { Contact } from './ThreadPane'
import styles from './Conversations.module.css'
import { cx } from '../../ui/cx'

/** Puts a conversation aside, or takes it up again. */
export function SkipButton({ contact, onChanged, onDone }: { contact: Contact; onChanged: () => Promise<void>; onDone: () => void }) {
  const isClosed = contact.messageStatus === 'closed'
  const change = useAction(
    useCallback(async () => {
      await request(EditMessageStatus, { contactId: contact.id, messageStatus: isClosed ? 'needsResponse' : 'closed' })
      announce(isClosed ? texter.talk.wasReopened : texter.talk.wasSkipped)
      await onChanged()
      if (!isClosed) onDone()
    }, [contact.id, isClosed, onChanged, onDone]),
  )
  const words = contact.messageStatus === 'needsResponse' ? texter.talk.skipReply : texter.talk.skip
  return (
    <>
      <Button size="small" isBusy={change.isRunning} onClick={() => void change.run()}>{isClosed ? texter.talk.reopen : words}</Button>
      {change.error && <span role="alert" className={cx(styles.isOver)}>{describe(change.error)}</span>}
    </>
  )
}

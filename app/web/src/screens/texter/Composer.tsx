import { useState, type KeyboardEvent } from 'react'
import { config } from '../../config'
import { texter } from '../../text/texter'
import { Button } from '../../ui/Button'
import { cx } from '../../ui/cx'
import { Dialog } from '../../ui/Dialog'
import { SendIcon } from '../../ui/icons'
import { ErrorNotice, Notice } from '../../ui/Surface'
import type { TalkAssignment } from './Conversations'
import styles from './Conversations.module.css'
import { ResponseList } from './ResponseList'
import { SkipButton } from './SkipButton'
import { placeWords } from './ThreadHead'
import type { Contact, Response } from './ThreadPane'
import { useReply } from './useReply'

/** The prepared response the text began as. */
export interface Chosen {
  id: number
}

interface Props {
  contact: Contact
  assignment: TalkAssignment
  draft: string
  setDraft: (text: string) => void
  chosen: Chosen | null
  onUse: (response: Response) => void
  onChanged: () => Promise<void>
  onDone: () => void
}

/** Why nothing can be sent to this contact at all, if so. */
function obstacle(contact: Contact, assignment: TalkAssignment): string | null {
  if (contact.isOptedOut) return texter.talk.isOptedOut
  const isOpen = ['ACTIVE', 'CLOSED_FOR_INITIAL_SENDS'].includes(assignment.campaign.status)
  return isOpen ? null : texter.talk.closed
}

export function Composer({ contact, assignment, draft, setDraft, chosen, onUse, onChanged, onDone }: Props) {
  const reply = useReply({ contactId: contact.id, cell: contact.cell, assignmentId: assignment.id })
  const over = draft.length - config.maxMessageLength
  const blocked = obstacle(contact, assignment)
  const isReady = draft.trim() !== '' && over <= 0 && contact.isTextable && blocked === null
  const send = async () => {
    if (!isReady) return
    const sent = draft
    if (!(await reply.run(sent, chosen?.id ?? null))) return
    setDraft('')
    await onChanged()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    if (!event.repeat) void send()
  }

  return (
    <div className={styles.composer}>
      {blocked !== null && <Notice tone="attention">{blocked}</Notice>}
      {blocked === null && !contact.isTextable && <Notice tone="attention">{texter.talk.notNow(placeWords(contact, new Date()))}</Notice>}
      <ErrorNotice error={reply.error} title={texter.talk.notSent} />
      <div className={styles.write}>
        <textarea
          id="composer"
          className={styles.box}
          rows={1}
          value={draft}
          readOnly={reply.isRunning}
          aria-label={texter.talk.write(contact.firstName)}
          placeholder={texter.talk.write(contact.firstName)}
          onChange={(event) => { setDraft(event.target.value) }}
          onKeyDown={onKeyDown}
        />
        <Button kind="primary" className={styles.sendButton} disabled={!isReady} isBusy={reply.isRunning} onClick={() => void send()}>
          {!reply.isRunning && <SendIcon />} {texter.talk.send}
        </Button>
      </div>
      <div className={styles.tools}>
        <ResponsesButton responses={assignment.campaignCannedResponses} onUse={onUse} />
        <SkipButton contact={contact} onChanged={onChanged} onDone={onDone} />
        <span className={cx(styles.counter, over > 0 && styles.isOver)}>
          {over > 0 ? texter.talk.tooLong(over) : <span className={styles.onlyKeys}>{texter.talk.keys}</span>}
        </span>
      </div>
    </div>
  )
}

/** On narrow screens the responses come up in a sheet. */
function ResponsesButton({ responses, onUse }: { responses: Response[]; onUse: (response: Response) => void }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button size="small" className={styles.onlyNarrow} onClick={() => { setOpen(true) }}>{texter.talk.responses}</Button>
      <Dialog title={texter.talk.responses} isOpen={isOpen} onClose={() => { setOpen(false) }}>
        <ResponseList
          responses={responses}
          onUse={(response) => {
            setOpen(false)
            onUse(response)
          }}
        />
      </Dialog>
    </>
  )
}

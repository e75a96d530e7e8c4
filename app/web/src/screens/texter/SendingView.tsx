import { useEffect, useState } from 'react'
import { ApiError } from '../../api/client'
import { describe } from '../../api/describe'
import { config } from '../../config'
import { texter } from '../../text/texter'
import { announce } from '../../ui/announce'
import { Button } from '../../ui/Button'
import { cx } from '../../ui/cx'
import { CheckIcon, SendIcon } from '../../ui/icons'
import { TaskBar } from '../../ui/Page'
import { ErrorState, Loading, Notice, Progress } from '../../ui/Surface'
import { BlockedSending } from './BlockedSending'
import { DoneSending } from './DoneSending'
import type { SendingAssignment } from './InitialSend'
import styles from './InitialSend.module.css'
import { mayPass } from './sendQueue'
import { ReleaseButton } from './ReleaseButton'
import { SendNotes } from './SendNotes'
import { useEnterKey } from './useEnterKey'
import { useSending, type Sending } from './useSending'

interface Props {
  assignment: SendingAssignment
  base: string
}

export function SendingView({ assignment, base }: Props) {
  const script = assignment.campaign.interactionSteps.find((step) => step.parentInteractionId === null)?.script ?? ''
  const sending = useSending(assignment.id, script, assignment.texter)
  const { queue, head, text } = sending
  const { contactCounts: counts } = assignment
  const left = Math.max(0, counts.needsMessage - queue.sentCount)
  const hasText = text.trim() !== ''
  const isTooLong = text.length > config.maxMessageLength
  const canSend = head !== null && hasText && !isTooLong && queue.phase === 'ready' && queue.block === null
  useEnterKey(sending.send, canSend)
  useAnnouncements(sending)

  return (
    <div className={styles.screen}>
      <TaskBar backTo={base} backLabel={texter.send.back} title={assignment.campaign.title}>
        {left > 0 && queue.block === null && <ReleaseButton assignmentId={assignment.id} count={left} to={base} />}
      </TaskBar>
      <main id="main" tabIndex={-1} className={styles.body}>
        <title>{`${assignment.campaign.title} · Spoke`}</title>
        <div className={styles.meter}>
          <Progress label={texter.send.sent(counts.total - left)} value={counts.total === 0 ? 0 : (counts.total - left) / counts.total} words={texter.send.left(left)} />
        </div>
        <SendNotes skipped={queue.skipped} />
        {head !== null && queue.block === null && <Head name={head.firstName} text={text} isTooLong={isTooLong} />}
        {queue.block !== null && <BlockedSending block={queue.block} base={base} assignmentId={assignment.id} />}
        {head === null && queue.block === null && <NoHead sending={sending} assignment={assignment} base={base} />}
      </main>
      {head !== null && queue.block === null && <Foot sending={sending} canSend={canSend} />}
    </div>
  )
}

function Head({ name, text, isTooLong }: { name: string; text: string; isTooLong: boolean }) {
  return (
    <>
      <div className={styles.to}>
        <p className="quiet">{texter.send.firstMessageTo}</p>
        <h2 className={styles.name}>{name}</h2>
      </div>
      {text.trim() === '' && <Notice tone="danger">{texter.send.noScript}</Notice>}
      {text.trim() !== '' && <p className={styles.bubble}>{text}</p>}
      {isTooLong && <Notice tone="danger">{texter.send.tooLong(config.maxMessageLength)}</Notice>}
    </>
  )
}

function NoHead({ sending, ...rest }: Props & { sending: Sending }) {
  if (sending.loadError) return <ErrorState error={sending.loadError} onRetry={sending.reload} />
  if (!sending.queue.isExhausted) return <Loading rows={2} />
  return <DoneSending {...rest} />
}

function Foot({ sending, canSend }: { sending: Sending; canSend: boolean }) {
  const { queue, send } = sending
  const isResting = useRest(sending.head?.id)
  return (
    <footer className={styles.foot}>
      <div>
        <Failure sending={sending} />
        <Button data-enter kind="primary" size="large" isWide className={styles.send} disabled={!canSend && queue.phase === 'ready'} isBusy={queue.phase !== 'ready'} aria-disabled={isResting || undefined} onClick={() => { if (!isResting) send() }}>
          {queue.phase === 'ready' ? <><SendIcon size={24} /> {texter.send.send}</> : texter.send.sending}
        </Button>
        <div className={styles.under}>
          <span className={styles.sentNote}>
            {queue.lastSent !== null && <><CheckIcon size={16} /> {texter.send.sentTo(queue.lastSent)}</>}
          </span>
          <span className={cx(styles.enterHint)}>{texter.send.enterHint}</span>
        </div>
      </div>
    </footer>
  )
}

/** So long a new contact is only looked at. */
const REST_MS = 250

/** A double tap is one tap: the next contact takes no click before it could be seen. */
function useRest(headId: string | undefined): boolean {
  const [seen, setSeen] = useState<string | undefined>(undefined)
  useEffect(() => {
    const timer = setTimeout(() => { setSeen(headId) }, REST_MS)
    return () => { clearTimeout(timer) }
  }, [headId])
  return seen !== headId
}

/** Why the head has not gone out, while it is tried again and again. */
function Failure({ sending: { queue, head, repeat, pass } }: { sending: Sending }) {
  if (queue.failure === null) return null
  const isOffline = queue.failure.code === 'NETWORK'
  return (
    <Notice
      tone="attention"
      title={texter.send.notSent(head?.firstName ?? '')}
      action={
        <div className="row">
          <Button size="small" isBusy={queue.phase === 'sending'} onClick={repeat}>{texter.send.retryNow}</Button>
          {mayPass(queue) && <Button size="small" kind="quiet" onClick={pass}>{texter.send.pass}</Button>}
        </div>
      }
    >
      {isOffline ? texter.send.retrying : `${describe(new ApiError(queue.failure.code, ''))} ${texter.send.stillTrying}`}
    </Notice>
  )
}

/** Tells screen readers who is next and whom it passed over. */
function useAnnouncements({ queue, head }: Sending): void {
  const name = head?.firstName
  const last = queue.skipped.at(-1)
  const note = last === undefined ? '' : texter.send.skipped(last.name, texter.send.reasons[last.code] ?? '')
  useEffect(() => {
    if (name !== undefined) announce(`${texter.send.firstMessageTo} ${name}`)
  }, [head?.id, name])
  useEffect(() => {
    if (note !== '') announce(note)
  }, [note, queue.skipped.length])
}

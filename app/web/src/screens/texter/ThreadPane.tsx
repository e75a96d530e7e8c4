import { useCallback, useEffect, useRef, useState } from 'react'
import { useQuery } from '../../api/useQuery'
import { parseCustomFields, renderScript } from '../../lib/script'
import { texter } from '../../text/texter'
import { announce } from '../../ui/announce'
import { ButtonLink } from '../../ui/Button'
import { ReplyIcon } from '../../ui/icons'
import { ErrorState, Loading, State } from '../../ui/Surface'
import type { TalkAssignment } from './Conversations'
import { Thread, type ThreadQuery } from './Conversations.generated'
import styles from './Conversations.module.css'
import { Composer, type Chosen } from './Composer'
import { Messages } from './Messages'
import { ResponseList } from './ResponseList'
import { ThreadHead } from './ThreadHead'
import { useDraft } from './useDraft'

export type Contact = NonNullable<ThreadQuery['contact']>
export type Response = TalkAssignment['campaignCannedResponses'][number]

interface Props {
  assignment: TalkAssignment
  contactId: string
  base: string
  /** When it changes, the thread is read again. */
  stamp: string | null
  onChanged: () => void
  /** The texter is done with this conversation. */
  onDone: () => void
}

/** One conversation: what was said, and what to say. */
export function ThreadPane({ assignment, contactId, base, stamp, onChanged, onDone }: Props) {
  const { data, error, refetch } = useQuery(Thread, { contactId })
  const contact = data?.contact ?? null
  const [draft, setDraft] = useDraft(contactId)
  const [chosen, setChosen] = useState<Chosen | null>(null)
  useRefetchOn(stamp, refetch)
  useReplyAnnouncement(contact)

  const use = useCallback(
    (response: Response) => {
      if (!contact) return
      const fields = { ...contact, customFields: parseCustomFields(contact.customFields) }
      setDraft(renderScript(response.text, fields, assignment.texter).text)
      setChosen({ id: Number(response.id) })
      document.getElementById('composer')?.focus()
    },
    [contact, assignment.texter, setDraft],
  )
  const changed = async () => {
    await refetch()
    onChanged()
  }

  return (
    <>
      <section className={styles.thread} aria-label={contact?.firstName}>
        {contact === null && <div className={styles.alone}>{error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading />}</div>}
        {contact !== null && contact.assignmentId !== assignment.id && <GivenAway base={base} />}
        {contact !== null && contact.assignmentId === assignment.id && (
          <>
            <ThreadHead contact={contact} assignment={assignment} base={base} onDone={onDone} />
            <Messages messages={contact.messages} />
            <Composer contact={contact} assignment={assignment} draft={draft} setDraft={setDraft} chosen={chosen} onUse={use} onChanged={changed} onDone={onDone} />
          </>
        )}
      </section>
      <section className={styles.side} aria-label={texter.talk.responses}>
        <ResponseList responses={assignment.campaignCannedResponses} onUse={use} hasTitle />
      </section>
    </>
  )
}

function GivenAway({ base }: { base: string }) {
  return (
    <State icon={<ReplyIcon size={28} />} tone="attention" title={texter.talk.changedTitle} actions={<ButtonLink kind="primary" to={base}>{texter.talk.backToList}</ButtonLink>}>
      {texter.talk.changedText}
    </State>
  )
}

/** Reads again when the stamp is another than the one the first reading was made with. */
function useRefetchOn(stamp: string | null, refetch: () => Promise<void>): void {
  const seen = useRef(stamp)
  const ask = useRef(refetch)
  useEffect(() => {
    ask.current = refetch
  })
  useEffect(() => {
    if (seen.current === stamp) return
    seen.current = stamp
    void ask.current()
  }, [stamp])
}

/** Reads a reply out when it comes while the conversation is open. */
function useReplyAnnouncement(contact: Contact | null): void {
  const seen = useRef<number | null>(null)
  useEffect(() => {
    if (!contact) return
    const replies = contact.messages.filter((message) => message.isFromContact)
    const last = replies.at(-1)
    if (seen.current !== null && replies.length > seen.current && last) announce(texter.talk.newReply(contact.firstName, last.text))
    seen.current = replies.length
  }, [contact])
}

import { useEffect } from 'react'
import { Navigate, useNavigate, useParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { texter } from '../../text/texter'
import { announce } from '../../ui/announce'
import { cx } from '../../ui/cx'
import { ReplyIcon } from '../../ui/icons'
import { TaskBar } from '../../ui/Page'
import { ErrorState, Loading, State } from '../../ui/Surface'
import { useIsWide } from '../../ui/useIsWide'
import { ConversationListPane } from './ConversationListPane'
import { entriesOf, nextAfter, waitingCount } from './conversationList'
import { Conversations, type ConversationsQuery } from './Conversations.generated'
import styles from './Conversations.module.css'
import { ThreadPane } from './ThreadPane'
import { useConversations } from './useConversations'

export type TalkAssignment = NonNullable<ConversationsQuery['assignment']>

/** Replies: the list and one conversation, side by side on a desk and one after the other on a phone. */
export function Component() {
  const { organizationId = '', assignmentId = '', contactId } = useParams()
  const todos = `/app/${organizationId}/todos`
  const base = `${todos}/${assignmentId}/conversations`
  const navigate = useNavigate()
  const isWide = useIsWide('56rem')
  const { data, error, refetch } = useQuery(Conversations, { assignmentId }, { pollMs: 60_000 })
  const list = useConversations(assignmentId)
  const assignment = data?.assignment ?? null
  const firstId = list.entries ? (entriesOf(list.entries, 'active', '')[0]?.id ?? null) : null
  useWaitingAnnouncement(list.entries ? waitingCount(list.entries) : null)

  if (error?.code === 'SUSPENDED') return <Navigate to={`/app/${organizationId}/suspended`} replace />
  if (isWide && contactId === undefined && firstId !== null) return <Navigate to={`${base}/${firstId}`} replace />
  const retry = () => {
    void refetch()
    void list.refetch()
  }
  const leave = () => {
    const next = contactId === undefined || !list.entries ? null : nextAfter(list.entries, contactId)
    void navigate(isWide && next !== null ? `${base}/${next}` : base)
    void list.refetch()
  }

  return (
    <div className={styles.screen}>
      <title>{`${assignment?.campaign.title ?? texter.talk.list} · Spoke`}</title>
      <div className={cx(contactId !== undefined && styles.onlyWide)}>
        <TaskBar backTo={todos} backLabel={texter.talk.back} title={assignment?.campaign.title ?? texter.talk.list} />
      </div>
      {assignment === null && (
        <main id="main" tabIndex={-1} className={styles.alone}>
          {error ? <ErrorState error={error} onRetry={retry} /> : <Loading />}
        </main>
      )}
      {assignment !== null && (
        <main id="main" tabIndex={-1} className={styles.panes}>
          <ConversationListPane entries={list.entries} error={list.error} base={base} contactId={contactId} onRetry={retry} className={cx(contactId !== undefined && styles.hidden)} />
          {contactId === undefined ? (
            <NothingOpen hasSome={firstId !== null} />
          ) : (
            <ThreadPane key={contactId} assignment={assignment} contactId={contactId} base={base} stamp={list.stamp} onChanged={() => void list.refetch()} onDone={leave} />
          )}
        </main>
      )}
    </div>
  )
}

/** The middle while no conversation is open; phones show the list there. */
function NothingOpen({ hasSome }: { hasSome: boolean }) {
  return (
    <div className={cx(styles.thread, styles.hidden)} style={{ justifyContent: 'center' }}>
      <State icon={<ReplyIcon size={28} />} title={hasSome ? texter.talk.pickTitle : texter.talk.noneTitle}>
        {hasSome ? texter.talk.pickText : texter.talk.noneText}
      </State>
    </div>
  )
}

function useWaitingAnnouncement(waiting: number | null): void {
  useEffect(() => {
    if (waiting !== null && waiting > 0) announce(texter.talk.moreWaiting(waiting))
  }, [waiting])
}

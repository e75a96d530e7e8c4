import { useLocation, useParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { texter } from '../../text/texter'
import { TaskBar } from '../../ui/Page'
import { ErrorState, Loading } from '../../ui/Surface'
import { BlockedSending } from './BlockedSending'
import { InitialSend, type InitialSendQuery } from './InitialSend.generated'
import styles from './InitialSend.module.css'
import { SendingView } from './SendingView'

export type SendingAssignment = NonNullable<InitialSendQuery['assignment']>

/** First texts, one contact at a time. */
export function Component() {
  // A new batch leads here again: everything starts afresh.
  const { key } = useLocation()
  return <Screen key={key} />
}

function Screen() {
  const { organizationId = '', assignmentId = '' } = useParams()
  const base = `/app/${organizationId}/todos`
  const { data, error, refetch } = useQuery(InitialSend, { assignmentId })
  const assignment = data?.assignment
  if (assignment?.campaign.status === 'ACTIVE') {
    return <SendingView assignment={assignment} base={base} />
  }
  return (
    <div className={styles.screen}>
      <TaskBar backTo={base} backLabel={texter.backToTodos} title={assignment?.campaign.title ?? texter.todos} />
      <main id="main" tabIndex={-1} className={styles.body}>
        {assignment && (
          <BlockedSending block={assignment.campaign.status === 'CLOSED_FOR_INITIAL_SENDS' ? 'closed' : 'over'} base={base} assignmentId={assignmentId} />
        )}
        {!assignment && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={2} />)}
      </main>
    </div>
  )
}

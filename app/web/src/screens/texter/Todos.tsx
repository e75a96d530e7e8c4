import { Navigate, useParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { texter } from '../../text/texter'
import { InboxIcon } from '../../ui/icons'
import { Page, PageHead } from '../../ui/Page'
import { ErrorState, Loading, State } from '../../ui/Surface'
import { AssignmentCard } from './AssignmentCard'
import { inOrder } from './todo'
import { Todos } from './Todos.generated'

const POLL_MS = 10_000

export function Component() {
  const { organizationId = '' } = useParams()
  const { data, error, refetch } = useQuery(Todos, { organizationId }, { pollMs: POLL_MS })
  const todos = data?.currentUser ? inOrder(data.currentUser.assignmentSummaries) : null
  if (error?.code === 'SUSPENDED') return <Navigate to={`/app/${organizationId}/suspended`} replace />
  return (
    <Page isNarrow>
      <PageHead title={texter.todos} />
      {todos === null && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={2} />)}
      {todos?.length === 0 && (
        <State icon={<InboxIcon size={28} />} title={texter.noTodosTitle}>
          {texter.noTodosText}
        </State>
      )}
      <ul className="stack">
        {todos?.map((todo) => (
          <li key={todo.id}>
            <AssignmentCard todo={todo} base={`/app/${organizationId}/todos`} onChange={() => void refetch()} />
          </li>
        ))}
      </ul>
    </Page>
  )
}

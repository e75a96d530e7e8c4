import { Navigate, useParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { texter } from '../../text/texter'
import { Page, PageHead } from '../../ui/Page'
import { ErrorState, Loading } from '../../ui/Surface'
import { AssignmentCard } from './AssignmentCard'
import { Overview } from './Todos.generated'

/** One campaign's card by itself: where a join link leads. */
export function Component() {
  const { organizationId = '', assignmentId = '' } = useParams()
  const base = `/app/${organizationId}/todos`
  const { data, error, refetch } = useQuery(Overview, { assignmentId }, { pollMs: 10_000 })
  if (error?.code === 'SUSPENDED') return <Navigate to={`/app/${organizationId}/suspended`} replace />
  return (
    <Page isNarrow>
      <PageHead title={data?.assignment?.campaign.title ?? texter.todos} back={{ to: base, label: texter.allCampaigns }} />
      {data?.assignment && <AssignmentCard todo={data.assignment} base={base} onChange={() => void refetch()} />}
      {!data?.assignment && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={1} />)}
    </Page>
  )
}

import { Navigate, useParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { common } from '../../text/common'
import { texter } from '../../text/texter'
import { ButtonLink } from '../../ui/Button'
import { StopIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import { ErrorState, Loading, State } from '../../ui/Surface'
import { PlainFrame } from '../login/PlainFrame'
import { Suspended } from './Suspended.generated'

/** For those who may not text; looks every minute whether that has changed. */
export function Component() {
  const { organizationId = '' } = useParams()
  const { data, error, isLoading, refetch } = useQuery(Suspended, { organizationId }, { pollMs: 60_000 })
  if (data) return <Navigate to={`/app/${organizationId}/todos`} replace />
  const isSuspended = error?.code === 'SUSPENDED'
  return (
    <PlainFrame>
      <Page isNarrow>
        <title>{`${texter.suspended.title} · Spoke`}</title>
        {isLoading && <Loading rows={1} />}
        {isSuspended && (
          <State
            level={1}
            tone="attention"
            icon={<StopIcon size={28} />}
            title={texter.suspended.title}
            actions={<ButtonLink to="/logout-callback" reloadDocument>{common.signOut}</ButtonLink>}
          >
            {texter.suspended.text(texter.suspended.here)}
          </State>
        )}
        {error && !isSuspended && <ErrorState level={1} error={error} onRetry={() => void refetch()} />}
      </Page>
    </PlainFrame>
  )
}

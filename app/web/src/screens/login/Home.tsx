import { Navigate } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { login } from '../../text/login'
import { Button, ButtonLink } from '../../ui/Button'
import { PeopleIcon } from '../../ui/icons'
import { ErrorState, Loading, State } from '../../ui/Surface'
import { Page } from '../../ui/Page'
import { config } from '../../config'
import { PlainFrame } from './PlainFrame'
import { Home, type HomeQuery } from './Home.generated'

type Me = NonNullable<HomeQuery['currentUser']>

/** Where somebody belongs: admins to their campaigns, texters to their texts. */
export function destination(me: Me): string | null {
  const [running] = me.running
  if (running) return `/admin/${running.id}`
  const [texting] = me.texting
  if (texting) return `/app/${texting.id}`
  const [any] = me.any
  return any ? `/app/${any.id}/suspended` : null
}

export function Component() {
  const { data, error, refetch } = useQuery(Home, {})
  if (data && !data.currentUser) return <Navigate to="/login" replace />
  const to = data?.currentUser ? destination(data.currentUser) : null
  if (to !== null) return <Navigate to={to} replace />
  return (
    <PlainFrame>
      <Page isNarrow>
        {data && <Waiting onCheck={() => void refetch()} />}
        {!data && (error ? <ErrorState error={error} onRetry={() => void refetch()} level={1} /> : <Loading />)}
      </Page>
    </PlainFrame>
  )
}

function Waiting({ onCheck }: { onCheck: () => void }) {
  return (
    <State
      level={1}
      icon={<PeopleIcon size={28} />}
      title={login.waitingTitle}
      actions={
        <>
          <Button kind="primary" onClick={onCheck}>{login.checkAgain}</Button>
          {!config.suppressSelfInvite && <ButtonLink to="/createOrganization">{login.createOrganization}</ButtonLink>}
        </>
      }
    >
      {login.waitingText}
    </State>
  )
}

import { NavLink, Outlet, useOutletContext, useParams } from 'react-router'
import { ApiError } from '../../api/client'
import { useQuery } from '../../api/useQuery'
import { admin } from '../../text/admin'
import { common } from '../../text/common'
import { AccountMenu } from '../../ui/AccountMenu'
import { Page, TopBar, TopNav } from '../../ui/Page'
import { ErrorState, Loading } from '../../ui/Surface'
import { AdminFrame } from './AdminFrame.generated'

export interface AdminContext {
  organizationId: string
  /** ADMIN and up; SUPERVOLUNTEERs see and edit, but do not create, start or archive. */
  isAdmin: boolean
}

export function useAdmin(): AdminContext {
  return useOutletContext<AdminContext>()
}

/** The frame of the admin's pages. */
export function Component() {
  const { organizationId = '' } = useParams()
  const { data, error, refetch } = useQuery(AdminFrame, { organizationId })
  const me = data?.currentUser
  const here = me?.organizations.find((organization) => organization.id === organizationId)
  const others = me?.organizations.filter((organization) => organization.id !== organizationId) ?? []
  const context: AdminContext = { organizationId, isAdmin: me?.roles.includes('ADMIN') ?? false }
  return (
    <>
      <TopBar home={`/admin/${organizationId}`} place={here?.name} nav={<Pages {...context} />}>
        {me && (
          <AccountMenu
            name={me.displayName}
            userId={me.id}
            organizationId={organizationId}
            other={{ to: `/app/${organizationId}`, label: common.switchToTexter }}
            organizations={others.map(({ id, name }) => ({ to: `/admin/${id}`, label: name }))}
          />
        )}
      </TopBar>
      {here && <Outlet context={context} />}
      {!here && (
        <Page>
          {me && <ErrorState level={1} error={new ApiError('FORBIDDEN', '')} onRetry={() => void refetch()} />}
          {!me && (error ? <ErrorState level={1} error={error} onRetry={() => void refetch()} /> : <Loading />)}
        </Page>
      )}
    </>
  )
}

function Pages({ organizationId, isAdmin }: AdminContext) {
  const base = `/admin/${organizationId}`
  return (
    <TopNav label={admin.nav}>
      <NavLink to={`${base}/campaigns`}>{admin.campaigns}</NavLink>
      {isAdmin && <NavLink to={`${base}/opt-outs`}>{admin.optOuts.title}</NavLink>}
      {isAdmin && <NavLink to={`${base}/unmatched`}>{admin.unmatched.nav}</NavLink>}
    </TopNav>
  )
}

import { Outlet, useParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { common } from '../../text/common'
import { AccountMenu } from '../../ui/AccountMenu'
import { TopBar } from '../../ui/Page'
import { TexterFrame } from './TexterFrame.generated'

/** The frame of a texter's pages that are not full screen. */
export function Component() {
  const { organizationId = '' } = useParams()
  const { data } = useQuery(TexterFrame, { organizationId })
  const me = data?.currentUser
  const here = me?.organizations.find((organization) => organization.id === organizationId)
  const others = me?.organizations.filter((organization) => organization.id !== organizationId) ?? []
  const mayAdmin = me?.roles.includes('SUPERVOLUNTEER') ?? false
  return (
    <>
      <TopBar home={`/app/${organizationId}`} place={here?.name}>
        {me && (
          <AccountMenu
            name={me.displayName}
            userId={me.id}
            organizationId={organizationId}
            other={mayAdmin ? { to: `/admin/${organizationId}`, label: common.switchToAdmin } : null}
            organizations={others.map(({ id, name }) => ({ to: `/app/${id}`, label: name }))}
          />
        )}
      </TopBar>
      <Outlet />
    </>
  )
}

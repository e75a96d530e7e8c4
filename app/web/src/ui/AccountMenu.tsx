import { common } from '../text/common'
import { IconButton } from './Button'
import { UserIcon } from './icons'
import { Menu, MenuLink } from './Menu'

interface AccountMenuProps {
  name: string
  organizationId: string
  userId: string
  /** The other side, for those who may see both. */
  other?: { to: string; label: string } | null
  /** Further organizations to switch to. */
  organizations?: { to: string; label: string }[]
}

export function AccountMenu({ name, organizationId, userId, other, organizations = [] }: AccountMenuProps) {
  return (
    <Menu label={name} trigger={<IconButton label={common.menu}><UserIcon size={22} /></IconButton>}>
      {other && <MenuLink to={other.to}>{other.label}</MenuLink>}
      {organizations.map(({ to, label }) => <MenuLink key={to} to={to}>{label}</MenuLink>)}
      <MenuLink to={`/app/${organizationId}/account/${userId}`}>{common.account}</MenuLink>
      <MenuLink to="/logout-callback" isDocument>{common.signOut}</MenuLink>
    </Menu>
  )
}

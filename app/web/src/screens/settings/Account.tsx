import { useQuery } from '../../api/useQuery'
import { config } from '../../config'
import { settings } from '../../text/settings'
import { Page, PageHead } from '../../ui/Page'
import { ErrorState, Loading } from '../../ui/Surface'
import { Account } from './Account.generated'
import { NameForm } from './NameForm'
import { PasswordForm } from './PasswordForm'
import { PasswordLink } from './PasswordLink'

export function Component() {
  const { data, error, refetch } = useQuery(Account, {})
  const me = data?.currentUser
  return (
    <Page isNarrow>
      <PageHead title={settings.title} />
      {me && (
        <div className="stack-loose">
          <NameForm me={me} />
          {config.signIn === 'password' && <PasswordForm me={me} />}
          {config.signIn === 'auth0' && <PasswordLink me={me} />}
        </div>
      )}
      {!me && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={2} />)}
    </Page>
  )
}

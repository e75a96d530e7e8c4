import { login } from '../../text/login'
import { ButtonLink } from '../../ui/Button'
import { Notice } from '../../ui/Surface'

interface Props {
  provider: 'slack' | 'auth0'
  /** Why the last attempt came to nothing, in the server's word. */
  problem: string | null
  nextUrl: string
}

/** The way in by Slack or Auth0: a page of theirs, and back. */
export function ProviderSignIn({ provider, problem, nextUrl }: Props) {
  const isSlack = provider === 'slack'
  const sentence = problem !== null && Object.hasOwn(login.problems, problem) ? login.problems[problem as keyof typeof login.problems] : null
  return (
    <div className="stack">
      {sentence && <Notice tone="danger" title={login.failed}>{sentence(isSlack ? login.slack : login.auth0)}</Notice>}
      <p className="quiet">{isSlack ? login.slackHint : login.auth0Hint}</p>
      <ButtonLink kind="primary" size="large" isWide reloadDocument to={`/login/${provider}-redirect?nextUrl=${encodeURIComponent(nextUrl)}`}>
        {isSlack ? login.withSlack : login.withAuth0}
      </ButtonLink>
    </div>
  )
}

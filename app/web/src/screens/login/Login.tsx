import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { config } from '../../config'
import { login } from '../../text/login'
import { Button } from '../../ui/Button'
import { Mark } from '../../ui/Page'
import styles from './Login.module.css'
import { ProviderSignIn } from './ProviderSignIn'
import { SignInForm } from './SignInForm'
import { SignUpForm } from './SignUpForm'

/** Where to go afterwards: a path of this site, never another one. */
export function localPath(next: string | null): string {
  if (next === null || !next.startsWith('/') || /^\/[/\\]/.test(next)) return '/'
  return next
}

export function Component() {
  const [search] = useSearchParams()
  const nextUrl = localPath(search.get('nextUrl'))
  const { signIn } = config
  // Whoever follows an invitation most likely has no account yet.
  const [isNew, setNew] = useState(signIn === 'password' && !config.suppressSelfInvite && nextUrl.startsWith('/join-campaign/'))
  const title = isNew ? login.signUpTitle : login.signInTitle

  return (
    <div className={styles.screen}>
      <title>{`${title} · Spoke`}</title>
      <header className={styles.banner}>
        <div className={styles.mark}>
          <Mark size={36} /> Spoke
        </div>
        <Talk />
        <p className={styles.lead}>{login.lead}</p>
      </header>
      <main id="main" className={styles.side}>
        <div className={styles.form}>
          <h1>{title}</h1>
          {signIn !== 'password' && <ProviderSignIn provider={signIn} problem={search.get('problem')} nextUrl={nextUrl} />}
          {signIn === 'password' && (isNew ? <SignUpForm nextUrl={nextUrl} /> : <SignInForm nextUrl={nextUrl} />)}
          {signIn === 'password' && !config.suppressSelfInvite && (
            <p className="row" style={{ gap: 0 }}>
              <span className="quiet">{isNew ? login.haveAccount : login.newHere}</span>
              <Button kind="quiet" onClick={() => { setNew(!isNew) }}>
                {isNew ? login.signIn : login.signUp}
              </Button>
            </p>
          )}
        </div>
      </main>
    </div>
  )
}

/** What the place is about, without words for screen readers to wade through. */
function Talk() {
  return (
    <div className={styles.talk} aria-hidden>
      <p>Hi Maria, it’s Tess! Early voting ends Saturday. Do you have a plan?</p>
      <p>Going Thursday after work!</p>
      <p>Wonderful. Want me to send you your polling place?</p>
    </div>
  )
}

import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { login } from '../../text/login'
import { Button } from '../../ui/Button'
import { Page, PageHead } from '../../ui/Page'
import { Card, ErrorNotice } from '../../ui/Surface'
import { enter } from './enter'
import { PlainFrame } from './PlainFrame'
import { UserAgreeTerms } from './Terms.generated'

/** What people new to the instance agree to before their first text. */
export function Component() {
  const [search] = useSearchParams()
  const next = search.get('next') ?? '/'
  const agree = useAction(
    useCallback(async () => {
      await request(UserAgreeTerms, {})
      enter({ redirect: next })
    }, [next]),
  )

  return (
    <PlainFrame>
      <Page isNarrow>
        <PageHead title={login.terms.title}>
          <p className="quiet">{login.terms.lead}</p>
        </PageHead>
        <div className="stack-loose">
          <Card>
            <ol className="stack">
              {login.terms.points.map((point) => (
                <li key={point.title}>
                  <h2>{point.title}</h2>
                  <p>{point.text}</p>
                </li>
              ))}
            </ol>
          </Card>
          <ErrorNotice error={agree.error} />
          <div>
            <Button kind="primary" size="large" onClick={() => void agree.run()} isBusy={agree.isRunning}>{login.terms.agree}</Button>
          </div>
        </div>
      </Page>
    </PlainFrame>
  )
}

import { useCallback, useState } from 'react'
import { useParams } from 'react-router'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { settings } from '../../text/settings'
import { Button } from '../../ui/Button'
import { Card, ErrorNotice, Notice } from '../../ui/Surface'
import { InitiatePasswordReset } from './Account.generated'

/** A new password where the sign-in service keeps them. */
export function PasswordLink({ me }: { me: { id: string; email: string } }) {
  const { organizationId = '' } = useParams()
  const [isSent, setSent] = useState(false)
  const reset = useAction(
    useCallback(async () => {
      setSent(false)
      await request(InitiatePasswordReset, { organizationId, userId: me.id })
      setSent(true)
    }, [organizationId, me.id]),
  )

  return (
    <Card className="stack">
      <h2>{settings.password}</h2>
      <p className="quiet">{settings.resetText}</p>
      <ErrorNotice error={reset.error} />
      {isSent && <Notice tone="success">{settings.resetSent(me.email)}</Notice>}
      <div>
        <Button onClick={() => void reset.run()} isBusy={reset.isRunning}>{settings.reset}</Button>
      </div>
    </Card>
  )
}

import { useCallback, useEffect } from 'react'
import { useNavigate, useParams } from 'react-router'
import { request } from '../../api/client'
import { describe } from '../../api/describe'
import { useAction } from '../../api/useAction'
import { common } from '../../text/common'
import { texter } from '../../text/texter'
import { Button, ButtonLink } from '../../ui/Button'
import { LinkIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import { Loading, State } from '../../ui/Surface'
import { PlainFrame } from '../login/PlainFrame'
import { AssignUserToCampaign } from './JoinCampaign.generated'

/** Follows an invitation: joins, and goes on to the campaign. */
export function Component() {
  const { token = '' } = useParams()
  const navigate = useNavigate()
  const { run, error } = useAction(
    useCallback(async () => {
      const { assignUserToCampaign: assignment } = await request(AssignUserToCampaign, { token })
      const organizationId = assignment.campaign.organization.id
      await navigate(`/app/${organizationId}/todos/${assignment.id}/overview`, { replace: true })
    }, [token, navigate]),
  )
  useEffect(() => {
    // Through the microtask queue, so that no state is set while React is still in this effect.
    queueMicrotask(() => void run())
  }, [run])

  return (
    <PlainFrame>
      <Page isNarrow>
        <title>{`${texter.join.title} · Spoke`}</title>
        {error === null && (
          <>
            <h1 className="visually-hidden">{texter.join.title}</h1>
            <Loading rows={1} />
          </>
        )}
        {error !== null && (
          <State
            level={1}
            tone="attention"
            icon={<LinkIcon size={28} />}
            title={texter.join.failed}
            actions={
              <>
                <Button kind="primary" onClick={() => void run()}>{common.tryAgain}</Button>
                <ButtonLink to="/">{texter.join.toTodos}</ButtonLink>
              </>
            }
          >
            {error.code === 'NOT_FOUND' ? texter.join.unknown : describe(error)}
          </State>
        )}
      </Page>
    </PlainFrame>
  )
}

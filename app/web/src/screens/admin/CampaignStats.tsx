import { Navigate, useParams, useSearchParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { daysUntil, dayWords } from '../../lib/time'
import { admin } from '../../text/admin'
import { ButtonLink } from '../../ui/Button'
import { Page, PageHead } from '../../ui/Page'
import { Card, ErrorState, Loading, Notice, Progress } from '../../ui/Surface'
import { useAdmin } from './AdminFrame'
import { CampaignStats, type CampaignStatsQuery } from './CampaignStats.generated'
import { Figures } from './Figures'
import { JoinLink } from './JoinLink'
import { StatusChip } from './StatusChip'
import { StatusMenu } from './StatusMenu'
import { TEXTERS, TexterTable } from './TexterTable'
import { Unarchive } from './Unarchive'

const POLL_MS = 5_000

export type WatchedCampaign = NonNullable<CampaignStatsQuery['campaign']>

/** How a campaign goes, kept fresh. */
export function Component() {
  const { campaignId = '' } = useParams()
  const { organizationId } = useAdmin()
  const [params] = useSearchParams()
  const afterId = params.get('after')
  // One more than is shown tells whether there are more.
  const variables = { campaignId, afterId, limit: TEXTERS + 1 }
  const { data, error, refetch } = useQuery(CampaignStats, variables, { pollMs: POLL_MS })
  const campaign = data?.campaign
  const base = `/admin/${organizationId}/campaigns`
  if (campaign && !campaign.isStarted) return <Navigate to={`${base}/${campaignId}/edit`} replace />
  return (
    <Page>
      {!campaign && (
        <>
          <PageHead title={admin.campaigns} back={{ to: base, label: admin.edit.back }} />
          {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={4} />}
        </>
      )}
      {campaign && (
        <>
          <Head campaign={campaign} base={base} refetch={refetch} />
          <div className="stack-loose">
            {error && <Notice tone="attention">{admin.stats.stale}</Notice>}
            <Card className="stack-loose">
              <Progress
                label={admin.stats.progress}
                value={campaign.stats.contactsCount === 0 ? 0 : campaign.stats.messagedCount / campaign.stats.contactsCount}
                words={admin.stats.of(campaign.stats.messagedCount, campaign.stats.contactsCount)}
              />
              <Figures stats={campaign.stats} />
            </Card>
            {campaign.joinUrl !== null && !campaign.isArchived && <JoinLink url={campaign.joinUrl} />}
            <TexterTable campaign={campaign} isFirst={afterId === null} />
          </div>
        </>
      )}
    </Page>
  )
}

function Head({ campaign, base, refetch }: { campaign: WatchedCampaign; base: string; refetch: () => Promise<void> }) {
  const { isAdmin } = useAdmin()
  return (
    <PageHead
      title={campaign.title}
      back={{ to: base, label: admin.edit.back }}
      actions={
        campaign.isArchived ? isAdmin && <Unarchive campaignId={campaign.id} refetch={refetch} /> : (
          <>
            <ButtonLink to="edit">{admin.stats.edit}</ButtonLink>
            {isAdmin && <StatusMenu campaign={campaign} refetch={refetch} />}
          </>
        )
      }
    >
      {campaign.description !== '' && <p>{campaign.description}</p>}
      <div className="row">
        <StatusChip status={campaign.status} />
        {campaign.dueBy !== null && (
          <span className="quiet">{admin.list.due(dayWords(campaign.dueBy))} ({daysUntil(campaign.dueBy, new Date())})</span>
        )}
      </div>
    </PageHead>
  )
}

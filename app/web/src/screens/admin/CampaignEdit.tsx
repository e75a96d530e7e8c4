import { useCallback, useEffect, useState } from 'react'
import { Navigate, useParams, useSearchParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { admin } from '../../text/admin'
import { cx } from '../../ui/cx'
import { Page, PageHead } from '../../ui/Page'
import { ErrorState, Loading } from '../../ui/Surface'
import { useAdmin } from './AdminFrame'
import { CampaignEdit, type CampaignEditQuery } from './CampaignEdit.generated'
import styles from './CampaignEdit.module.css'
import { EditSections } from './EditSections'
import { isImporting, isStarting, nextSection, type SectionName } from './sections'
import { StartPanel } from './StartPanel'
import { StatusChip } from './StatusChip'

const JOB_POLL_MS = 2_500
const CALM_POLL_MS = 60_000

function pollOf(data: CampaignEditQuery | null): number {
  const campaign = data?.campaign
  return campaign && (isImporting(campaign) || isStarting(campaign)) ? JOB_POLL_MS : CALM_POLL_MS
}

/** Everything that makes up a campaign, a section at a time. */
export function Component() {
  const { campaignId = '' } = useParams()
  const { organizationId, isAdmin } = useAdmin()
  const [pollMs, setPollMs] = useState(JOB_POLL_MS)
  const { data, error, refetch } = useQuery(CampaignEdit, { campaignId, isAdmin }, { pollMs })
  const wanted = pollOf(data)
  // A job that has just ended may have ended while this answer was being put together.
  useEffect(() => {
    if (wanted === CALM_POLL_MS) void refetch()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for every end of a job
  }, [wanted])
  if (data && wanted !== pollMs) setPollMs(wanted)
  const base = `/admin/${organizationId}/campaigns`
  const [wasStarted, setWasStarted] = useState<boolean | null>(null)
  if (data?.campaign && wasStarted === null) setWasStarted(data.campaign.isStarted)
  if (wasStarted === false && data?.campaign?.isStarted) return <Navigate to={`${base}/${campaignId}`} replace />
  if (data?.campaign && data.currentUser) return <Form key={campaignId} data={data} base={base} refetch={refetch} />
  return (
    <Page>
      <PageHead title={admin.campaigns} back={{ to: base, label: admin.edit.back }} />
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={5} />}
    </Page>
  )
}

function Form({ data, base, refetch }: { data: CampaignEditQuery; base: string; refetch: () => Promise<void> }) {
  const { organizationId, isAdmin } = useAdmin()
  const [search] = useSearchParams()
  const isNew = search.has('new')
  const [open, setOpen] = useState<SectionName | null>(isNew ? 'contacts' : null)
  const [unsaved, setUnsaved] = useState<ReadonlySet<SectionName>>(new Set())
  const mark = useCallback((section: SectionName, isUnsaved: boolean) => {
    setUnsaved((before) => {
      if (before.has(section) === isUnsaved) return before
      const next = new Set(before)
      if (isUnsaved) next.add(section)
      else next.delete(section)
      return next
    })
  }, [])
  const { campaign, currentUser: me } = data
  if (!campaign || !me) return null

  return (
    <Page>
      <PageHead
        title={campaign.title}
        back={campaign.isStarted ? { to: `${base}/${campaign.id}`, label: admin.edit.backToCampaign } : { to: base, label: admin.edit.back }}
      >
        <div><StatusChip status={campaign.status} /></div>
      </PageHead>
      <div className={cx(!campaign.isStarted && styles.layout)}>
        <EditSections
          campaign={campaign}
          me={me}
          organizationId={organizationId}
          open={open}
          onOpen={setOpen}
          onUnsaved={mark}
          onSaved={async (section) => {
            await refetch()
            if (isNew) setOpen(nextSection(section, campaign))
          }}
          refetch={refetch}
          isNew={isNew}
        />
        {!campaign.isStarted && (
          <aside className={styles.aside}>
            <StartPanel campaign={campaign} unsaved={unsaved} mayStart={isAdmin} refetch={refetch} />
          </aside>
        )}
      </div>
    </Page>
  )
}

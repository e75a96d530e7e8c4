import { useSearchParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { admin } from '../../text/admin'
import { Button, ButtonLink } from '../../ui/Button'
import { InboxIcon, PlusIcon } from '../../ui/icons'
import { Page, PageHead } from '../../ui/Page'
import { ErrorState, Loading, State } from '../../ui/Surface'
import { useAdmin } from './AdminFrame'
import { PAGE_SIZE, readFilter, variablesFor, writeFilter, type Filter } from './campaignFilter'
import { CampaignFilters } from './CampaignFilters'
import { CampaignList } from './CampaignList.generated'
import styles from './CampaignList.module.css'
import { CampaignRow } from './CampaignRow'

const POLL_MS = 30_000

export function Component() {
  const { organizationId, isAdmin } = useAdmin()
  const [params, setParams] = useSearchParams()
  const filter = readFilter(params)
  const change = (changes: Partial<Filter>) => { setParams(writeFilter(filter, changes)) }
  const { data, error, refetch } = useQuery(CampaignList, variablesFor(organizationId, filter), { pollMs: POLL_MS })
  const found = data?.organization?.campaigns
  const create = isAdmin && <ButtonLink kind="primary" to="new"><PlusIcon /> {admin.list.newCampaign}</ButtonLink>

  return (
    <Page>
      <PageHead title={admin.campaigns} actions={create} />
      <CampaignFilters filter={filter} onChange={change} />
      {!found && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={4} />)}
      {found?.campaigns.length === 0 && <Nothing filter={filter} onShowAll={() => { change({ status: 'ANY', search: '' }) }} create={create} />}
      {found && found.campaigns.length > 0 && (
        <>
          <ul className={styles.list}>
            {found.campaigns.map((campaign) => (
              <li key={campaign.id}>
                <CampaignRow campaign={campaign} />
              </li>
            ))}
          </ul>
          <Pages page={filter.page} total={found.pageInfo.total} onTurn={(page) => { change({ page }) }} />
        </>
      )}
    </Page>
  )
}

function Nothing({ filter, onShowAll, create }: { filter: Filter; onShowAll: () => void; create: React.ReactNode }) {
  const isFiltered = filter.status !== 'ANY' || filter.search !== ''
  return (
    <State
      icon={<InboxIcon size={28} />}
      title={isFiltered ? admin.list.noMatchTitle : admin.list.noneTitle}
      actions={isFiltered ? <Button onClick={onShowAll}>{admin.list.showAll}</Button> : create}
    >
      {isFiltered ? admin.list.noMatchText : admin.list.noneText}
    </State>
  )
}

function Pages({ page, total, onTurn }: { page: number; total: number; onTurn: (page: number) => void }) {
  if (total <= PAGE_SIZE) return null
  const first = (page - 1) * PAGE_SIZE
  const last = Math.min(first + PAGE_SIZE, total)
  return (
    <nav className={styles.pages} aria-label={admin.list.pages}>
      <Button disabled={page <= 1} onClick={() => { onTurn(page - 1) }}>{admin.list.previous}</Button>
      <span className="figures quiet">{admin.list.range(first + 1, last, total)}</span>
      <Button disabled={last >= total} onClick={() => { onTurn(page + 1) }}>{admin.list.next}</Button>
    </nav>
  )
}

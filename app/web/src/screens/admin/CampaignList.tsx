import { useSearchParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { admin } from '../../text/admin'
import { Button, ButtonLink } from '../../ui/Button'
import { InboxIcon, PlusIcon } from '../../ui/icons'
import { Page, PageHead } from '../../ui/Page'
import { ErrorState, Loading, State } from '../../ui/Surface'
import { useAdmin } from './AdminFrame'
import { readFilter, turn, variablesFor, writeFilter, type Filter, type Turned } from './campaignFilter'
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
  const found = data?.organization?.campaigns.campaigns
  const page = found && turn(filter, found)
  const create = isAdmin && <ButtonLink kind="primary" to="new"><PlusIcon /> {admin.list.newCampaign}</ButtonLink>

  return (
    <Page>
      <PageHead title={admin.campaigns} actions={create} />
      <CampaignFilters filter={filter} onChange={change} />
      {!found && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={4} />)}
      {page?.rows.length === 0 && <Nothing filter={filter} onShowAll={() => { change({ status: 'ANY', search: '' }) }} create={create} />}
      {page && page.rows.length > 0 && (
        <>
          <ul className={styles.list}>
            {page.rows.map((campaign) => (
              <li key={campaign.id}>
                <CampaignRow campaign={campaign} />
              </li>
            ))}
          </ul>
          <Pages page={page} onTurn={change} />
        </>
      )}
    </Page>
  )
}

function Nothing({ filter, onShowAll, create }: { filter: Filter; onShowAll: () => void; create: React.ReactNode }) {
  const isFiltered = filter.status !== 'ANY' || filter.search !== '' || filter.after !== null || filter.before !== null
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

function Pages({ page: { previous, next }, onTurn }: { page: Turned<unknown>; onTurn: (change: Partial<Filter>) => void }) {
  if (previous === null && next === null) return null
  return (
    <nav className={styles.pages} aria-label={admin.list.pages}>
      <Button disabled={previous === null} onClick={() => { if (previous) onTurn(previous) }}>{admin.list.previous}</Button>
      <Button disabled={next === null} onClick={() => { if (next) onTurn(next) }}>{admin.list.next}</Button>
    </nav>
  )
}

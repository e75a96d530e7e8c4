/** What the campaign list shows, kept in the address so that it can be shared and gone back to. */
import { admin } from '../../text/admin'
import type { CampaignListQueryVariables, CampaignStatus, SortCampaignsBy } from './CampaignList.generated'

export interface Filter {
  status: CampaignStatus | 'ANY'
  sort: SortCampaignsBy
  search: string
  /** The page lies behind the campaign with this id, */
  after: string | null
  /** or right before this one. */
  before: string | null
}

export const PAGE_SIZE = 25
const DEFAULT: Filter = { status: 'ACTIVE', sort: 'ID_DESC', search: '', after: null, before: null }

export function readFilter(params: URLSearchParams): Filter {
  const status = params.get('status') ?? ''
  const sort = params.get('sort') ?? ''
  return {
    status: status === 'ANY' || Object.hasOwn(admin.status, status) ? (status as Filter['status']) : DEFAULT.status,
    sort: Object.hasOwn(admin.list.sorts, sort) ? (sort as SortCampaignsBy) : DEFAULT.sort,
    search: params.get('search') ?? '',
    after: params.get('after'),
    before: params.get('before'),
  }
}

/** Only what differs from the default; anything but turning a page goes back to the first. */
export function writeFilter(before: Filter, change: Partial<Filter>): Record<string, string> {
  const next = { ...before, after: null, before: null, ...change }
  const entries = Object.entries(next).filter(([name, value]) => value !== DEFAULT[name as keyof Filter])
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

export function variablesFor(organizationId: string, filter: Filter): CampaignListQueryVariables {
  return {
    organizationId,
    // One more than is shown tells whether the list goes on.
    page: { limit: PAGE_SIZE + 1, ...(filter.after === null ? {} : { afterId: filter.after }), ...(filter.before === null ? {} : { beforeId: filter.before }) },
    filter: {
      ...(filter.status === 'ANY' ? {} : { status: filter.status }),
      ...(filter.search.trim() === '' ? {} : { searchString: filter.search.trim() }),
    },
    sortBy: filter.sort,
  }
}

export interface Turned<Row> {
  rows: Row[]
  /** What to change for the page before this one; null where there is none. */
  previous: Partial<Filter> | null
  next: Partial<Filter> | null
}

/** The page to show of what came for the filter, and where its neighbours lie. */
export function turn<Row extends { id: string }>(filter: Filter, found: readonly Row[]): Turned<Row> {
  const goesOn = found.length > PAGE_SIZE
  const isBackward = filter.before !== null
  const rows = isBackward ? found.slice(-PAGE_SIZE) : found.slice(0, PAGE_SIZE)
  const [first, last] = [rows[0], rows.at(-1)]
  const hasPrevious = isBackward ? goesOn : filter.after !== null
  const hasNext = isBackward || goesOn
  return {
    rows,
    previous: hasPrevious && first ? { before: first.id } : null,
    next: hasNext && last ? { after: last.id } : null,
  }
}

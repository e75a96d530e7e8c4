/** What the campaign list shows, kept in the address so that it can be shared and gone back to. */
import { admin } from '../../text/admin'
import type { CampaignListQueryVariables, CampaignStatus, SortCampaignsBy } from './CampaignList.generated'

export interface Filter {
  status: CampaignStatus | 'ANY'
  sort: SortCampaignsBy
  search: string
  /** Counts from 1. */
  page: number
}

export const PAGE_SIZE = 25
const DEFAULT: Filter = { status: 'ACTIVE', sort: 'ID_DESC', search: '', page: 1 }

export function readFilter(params: URLSearchParams): Filter {
  const status = params.get('status') ?? ''
  const sort = params.get('sort') ?? ''
  const page = Math.floor(Number(params.get('page')))
  return {
    status: status === 'ANY' || Object.hasOwn(admin.status, status) ? (status as Filter['status']) : DEFAULT.status,
    sort: Object.hasOwn(admin.list.sorts, sort) ? (sort as SortCampaignsBy) : DEFAULT.sort,
    search: params.get('search') ?? '',
    page: page >= 1 ? page : 1,
  }
}

/** Only what differs from the default; anything but turning a page goes back to the first. */
export function writeFilter(before: Filter, change: Partial<Filter>): Record<string, string> {
  const next = { ...before, page: 1, ...change }
  const entries = Object.entries(next).filter(([name, value]) => value !== DEFAULT[name as keyof Filter])
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

export function variablesFor(organizationId: string, filter: Filter): CampaignListQueryVariables {
  return {
    organizationId,
    cursor: { offset: (filter.page - 1) * PAGE_SIZE, limit: PAGE_SIZE },
    filter: {
      ...(filter.status === 'ANY' ? {} : { status: filter.status }),
      ...(filter.search.trim() === '' ? {} : { searchString: filter.search.trim() }),
    },
    sortBy: filter.sort,
  }
}

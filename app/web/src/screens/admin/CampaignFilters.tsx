import { useEffect, useRef, useState } from 'react'
import { admin } from '../../text/admin'
import { SearchField, Select } from '../../ui/Field'
import type { Filter } from './campaignFilter'
import styles from './CampaignList.module.css'

/** So long after the last key the list follows the search box. */
const TYPING_MS = 300

export function CampaignFilters({ filter, onChange }: { filter: Filter; onChange: (change: Partial<Filter>) => void }) {
  return (
    <div className={styles.filters}>
      <Select label={admin.list.status} value={filter.status} onChange={(event) => { onChange({ status: event.target.value as Filter['status'] }) }}>
        <option value="ANY">{admin.list.anyStatus}</option>
        {Object.entries(admin.status).map(([status, words]) => <option key={status} value={status}>{words}</option>)}
      </Select>
      <Select label={admin.list.sort} value={filter.sort} onChange={(event) => { onChange({ sort: event.target.value as Filter['sort'] }) }}>
        {Object.entries(admin.list.sorts).map(([sort, words]) => <option key={sort} value={sort}>{words}</option>)}
      </Select>
      <Search search={filter.search} onSearch={(search) => { onChange({ search }) }} />
    </div>
  )
}

function Search({ search, onSearch }: { search: string; onSearch: (search: string) => void }) {
  const [typed, setTyped] = useState(search)
  const [shown, setShown] = useState(search)
  // Somebody went back, or asked for every campaign: the box follows the list.
  if (shown !== search) {
    setShown(search)
    setTyped(search)
  }
  const follow = useRef(onSearch)
  useEffect(() => {
    follow.current = onSearch
  })
  useEffect(() => {
    if (typed === search) return
    const timer = setTimeout(() => { follow.current(typed) }, TYPING_MS)
    return () => { clearTimeout(timer) }
  }, [typed, search])
  return <SearchField label={admin.list.search} value={typed} onChange={(event) => { setTyped(event.target.value) }} />
}

import { useState } from 'react'
import { NavLink } from 'react-router'
import type { ApiError } from '../../api/client'
import { count, shortAgo } from '../../lib/time'
import { texter } from '../../text/texter'
import { cx } from '../../ui/cx'
import { SearchField } from '../../ui/Field'
import { InboxIcon } from '../../ui/icons'
import { ErrorState, Loading, State } from '../../ui/Surface'
import { entriesOf, type Entry, type Tab } from './conversationList'
import styles from './Conversations.module.css'

interface Props {
  entries: Entry[] | null
  error: ApiError | null
  base: string
  contactId: string | undefined
  onRetry: () => void
  className: string
}

/** So few conversations need no search box. */
const MANY = 8

export function ConversationListPane({ entries, error, base, contactId, onRetry, className }: Props) {
  const [search, setSearch] = useState('')
  // The tab of the open conversation, until somebody chooses one.
  const open = entries?.find((entry) => entry.id === contactId)
  const [chosen, setTab] = useState<Tab | null>(null)
  const tab = chosen ?? (open?.messageStatus === 'closed' ? 'skipped' : 'active')
  const shown = entriesOf(entries ?? [], tab, search)
  return (
    <nav className={cx(styles.list, className)} aria-label={texter.talk.list}>
      <div className={styles.listHead}>
        <div className={styles.tabs}>
          {(['active', 'skipped'] as const).map((name) => (
            <button key={name} type="button" aria-pressed={tab === name} onClick={() => { setTab(name) }}>
              {texter.talk[name]} <span className="figures">{entries ? count(entriesOf(entries, name, '').length) : ''}</span>
            </button>
          ))}
        </div>
        {entries !== null && entries.length >= MANY && (
          <SearchField label={texter.talk.find} value={search} onChange={(event) => { setSearch(event.target.value) }} />
        )}
      </div>
      <div className={styles.entries}>
        {entries === null && (error ? <ErrorState error={error} onRetry={onRetry} /> : <Loading rows={5} />)}
        {entries !== null && shown.length === 0 && <Nothing tab={tab} isSearching={search !== ''} />}
        <ul>
          {shown.map((entry) => (
            <li key={entry.id}>
              <EntryLink entry={entry} to={`${base}/${entry.id}`} />
            </li>
          ))}
        </ul>
      </div>
    </nav>
  )
}

function EntryLink({ entry, to }: { entry: Entry; to: string }) {
  const states: Record<string, string> = {
    needsResponse: texter.talk.needsReply,
    convo: texter.talk.youAnswered,
    closed: texter.talk.isSkipped,
  }
  return (
    <NavLink to={to} className={cx(styles.entry, entry.messageStatus === 'needsResponse' && styles.isWaiting)}>
      <span className={styles.dot} />
      <span>
        <span className={styles.who} style={{ display: 'block' }}>{entry.firstName} {entry.lastName}</span>
        <span className={styles.state}>{states[entry.messageStatus]}</span>
      </span>
      <span className={cx(styles.when, 'figures')}>{shortAgo(entry.updatedAt, new Date())}</span>
    </NavLink>
  )
}

function Nothing({ tab, isSearching }: { tab: Tab; isSearching: boolean }) {
  if (isSearching) return <p className="quiet" style={{ padding: '1rem' }}>{texter.talk.noMatch}</p>
  if (tab === 'skipped') return <p className="quiet" style={{ padding: '1rem' }}>{texter.talk.noneSkipped}</p>
  return (
    <State icon={<InboxIcon size={28} />} title={texter.talk.noneTitle}>
      {texter.talk.noneText}
    </State>
  )
}

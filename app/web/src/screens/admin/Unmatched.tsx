import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { useQuery } from '../../api/useQuery'
import { phoneWords } from '../../lib/phone'
import { admin } from '../../text/admin'
import { ButtonLink } from '../../ui/Button'
import { InboxIcon } from '../../ui/icons'
import { Page, PageHead } from '../../ui/Page'
import { ErrorState, Loading, Notice, State } from '../../ui/Surface'
import { useAdmin } from './AdminFrame'
import { AssignUnmatched } from './AssignUnmatched'
import { UnmatchedTexts, type UnmatchedTextsQuery } from './Unmatched.generated'
import styles from './Unmatched.module.css'
import { UnmatchedRow } from './UnmatchedRow'

const PAGE_SIZE = 25
const POLL_MS = 30_000
const words = admin.unmatched

export type UnmatchedText = NonNullable<UnmatchedTextsQuery['organization']>['unmatchedMessages'][number]

/** Texts that came in and matched no conversation, newest first, each to be put where it belongs. */
export function Component() {
  const { organizationId } = useAdmin()
  const [params] = useSearchParams()
  const beforeId = params.get('before')
  const [chosen, setChosen] = useState<UnmatchedText | null>(null)
  const [assigned, setAssigned] = useState<{ number: string; name: string } | null>(null)
  // One more than is shown tells whether there are older ones.
  const variables = { organizationId, beforeId, limit: PAGE_SIZE + 1 }
  const { data, error, refetch } = useQuery(UnmatchedTexts, variables, { pollMs: POLL_MS })
  const found = data?.organization?.unmatchedMessages
  const texts = found?.slice(0, PAGE_SIZE) ?? []
  const oldest = found && found.length > PAGE_SIZE ? texts.at(-1) : undefined

  return (
    <Page isNarrow>
      <PageHead title={words.title}>
        <p className="quiet">{words.lead}</p>
      </PageHead>
      <div className="stack">
        {assigned && <Notice tone="success">{words.assigned(phoneWords(assigned.number), assigned.name)}</Notice>}
        {!found && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={4} />)}
        {found && texts.length === 0 && (
          <State icon={<InboxIcon size={28} />} title={beforeId === null ? words.noneTitle : words.noOlder}>
            {beforeId === null && words.noneText}
          </State>
        )}
        {texts.length > 0 && (
          <ul className={styles.list}>
            {texts.map((text) => (
              <li key={text.id}>
                <UnmatchedRow text={text} onAssign={() => { setChosen(text) }} />
              </li>
            ))}
          </ul>
        )}
        {(beforeId !== null || oldest) && (
          <nav className="row" aria-label={words.pages}>
            {beforeId !== null && <ButtonLink to=".">{words.newest}</ButtonLink>}
            {oldest && <ButtonLink to={`?before=${oldest.id}`}>{words.older}</ButtonLink>}
          </nav>
        )}
      </div>
      {chosen && (
        <AssignUnmatched
          key={chosen.id}
          organizationId={organizationId}
          text={chosen}
          onClose={() => { setChosen(null) }}
          onAssigned={async (name) => {
            setAssigned({ number: chosen.contactNumber, name })
            setChosen(null)
            await refetch()
          }}
        />
      )}
    </Page>
  )
}

import { useState } from 'react'
import { texter } from '../../text/texter'
import { SearchField } from '../../ui/Field'
import styles from './Conversations.module.css'
import type { Response } from './ThreadPane'

/** Prepared responses to search and to start a text from. */
export function ResponseList({ responses, onUse, hasTitle = false }: { responses: Response[]; onUse: (response: Response) => void; hasTitle?: boolean }) {
  const [search, setSearch] = useState('')
  const words = search.trim().toLowerCase()
  const found = responses.filter(({ title, text }) => `${title} ${text}`.toLowerCase().includes(words))
  return (
    <>
      <div className={hasTitle ? styles.sideHead : 'stack'}>
        {hasTitle && <h2>{texter.talk.responses}</h2>}
        {responses.length > 0 && <SearchField label={texter.talk.findResponse} value={search} onChange={(event) => { setSearch(event.target.value) }} />}
      </div>
      <ul className={styles.responses}>
        {found.map((response) => (
          <li key={response.id}>
            <button type="button" className={styles.response} onClick={() => { onUse(response) }}>
              <strong>{response.title}</strong>
              <span>{response.text}</span>
            </button>
          </li>
        ))}
        {found.length === 0 && <li className="quiet">{responses.length === 0 ? texter.talk.noResponses : texter.talk.noResponseFound}</li>}
      </ul>
    </>
  )
}

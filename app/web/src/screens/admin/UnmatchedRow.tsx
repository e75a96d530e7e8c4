import { phoneWords } from '../../lib/phone'
import { clockTime } from '../../lib/time'
import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import type { UnmatchedText } from './Unmatched'
import styles from './Unmatched.module.css'

const words = admin.unmatched

export function UnmatchedRow({ text, onAssign }: { text: UnmatchedText; onAssign: () => void }) {
  return (
    <article className={styles.row} aria-label={words.from(phoneWords(text.contactNumber))}>
      <div className="stack" style={{ gap: '0.25rem' }}>
        <div className={styles.facts}>
          <h2>{phoneWords(text.contactNumber)}</h2>
          <time dateTime={text.receivedAt}>{clockTime(text.receivedAt, new Date())}</time>
        </div>
        <UnmatchedWords text={text} />
        <div className={styles.facts}>
          <span>{words.to(phoneWords(text.userNumber))}</span>
          {text.messagingServiceSid !== '' && <span>{words.service(text.messagingServiceSid)}</span>}
        </div>
      </div>
      <div>
        <Button onClick={onAssign}>{words.assign}</Button>
      </div>
    </article>
  )
}

/** What it says, and what came with it. */
export function UnmatchedWords({ text }: { text: UnmatchedText }) {
  return (
    <div className={styles.words}>
      {text.text === '' ? <p className="quiet">{words.noWords}</p> : <p>{text.text}</p>}
      {text.attachments.map(({ url, contentType }) => (
        <p key={url}>
          <a href={url} target="_blank" rel="noreferrer noopener">{contentType.startsWith('image/') ? words.picture : words.file}</a>
        </p>
      ))}
    </div>
  )
}

import { useState } from 'react'
import { hourWords, hourIn } from '../../lib/hours'
import { texter } from '../../text/texter'
import { Button } from '../../ui/Button'
import { ButtonLink } from '../../ui/Button'
import { cx } from '../../ui/cx'
import { BackIcon, StopIcon } from '../../ui/icons'
import type { TalkAssignment } from './Conversations'
import styles from './Conversations.module.css'
import { OptOutDialog } from './OptOutDialog'
import type { Contact } from './ThreadPane'

/** The place a zone is named after and the hour there: `New York, 3 PM there`. */
export function placeWords(zone: string, now: Date): string {
  const hour = hourIn(zone, now)
  const place = zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone
  return hour === null ? place : `${place}, ${hourWords(hour)} there`
}

export function ThreadHead({ contact, assignment, base, onDone }: { contact: Contact; assignment: TalkAssignment; base: string; onDone: () => void }) {
  const [isOptingOut, setOptingOut] = useState(false)
  const place = [contact.stateCode, placeWords(contact.timezone, new Date())].filter(Boolean).join(' · ')
  return (
    <div className={styles.threadHead}>
      <ButtonLink kind="quiet" to={base} className={cx(styles.toList)} aria-label={texter.talk.backToList}>
        <BackIcon />
      </ButtonLink>
      <div className={styles.threadName}>
        <h2>{contact.firstName} {contact.lastName}</h2>
        <p>{place}</p>
      </div>
      {!contact.isOptedOut && (
        <Button kind="dangerQuiet" onClick={() => { setOptingOut(true) }}>
          <StopIcon size={18} /> {texter.talk.optOut}
        </Button>
      )}
      <OptOutDialog contact={contact} assignment={assignment} isOpen={isOptingOut} onClose={() => { setOptingOut(false) }} onDone={onDone} />
    </div>
  )
}

import { useState } from 'react'
import { hourWords, hourIn } from '../../lib/hours'
import { texter } from '../../text/texter'
import { Button, ButtonLink } from '../../ui/Button'
import { cx } from '../../ui/cx'
import { BackIcon, StopIcon } from '../../ui/icons'
import { useIsWide } from '../../ui/useIsWide'
import type { TalkAssignment } from './Conversations'
import styles from './Conversations.module.css'
import { OptOutDialog } from './OptOutDialog'
import type { Contact } from './ThreadPane'

/** Where a contact is and what hour it is there: `NH · 3 PM there`, or by the city of the zone. */
export function placeWords({ stateCode, timezone }: Pick<Contact, 'stateCode' | 'timezone'>, now: Date): string {
  const hour = hourIn(timezone, now)
  const city = timezone.split('/').at(-1)?.replaceAll('_', ' ') ?? timezone
  const place = stateCode === null || stateCode === '' ? city : stateCode
  return hour === null ? place : `${place} · ${texter.talk.hourThere(hourWords(hour))}`
}

export function ThreadHead({ contact, assignment, base, onDone }: { contact: Contact; assignment: TalkAssignment; base: string; onDone: () => void }) {
  // On a phone the thread is the whole page.
  const Heading = useIsWide('56rem') ? 'h2' : 'h1'
  const [isOptingOut, setOptingOut] = useState(false)
  return (
    <div className={styles.threadHead}>
      <ButtonLink kind="quiet" to={base} className={cx(styles.toList)} aria-label={texter.talk.backToList}>
        <BackIcon />
      </ButtonLink>
      <div className={styles.threadName}>
        <Heading>{contact.firstName} {contact.lastName}</Heading>
        <p>{placeWords(contact, new Date())}</p>
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

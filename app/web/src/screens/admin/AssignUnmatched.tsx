import { useCallback, useState, type SubmitEvent } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { useQuery } from '../../api/useQuery'
import { phoneNumber, phoneWords } from '../../lib/phone'
import { admin } from '../../text/admin'
import { common } from '../../text/common'
import { Button } from '../../ui/Button'
import { Dialog, DialogActions } from '../../ui/Dialog'
import { TextField } from '../../ui/Field'
import { Chip, ErrorNotice, Loading } from '../../ui/Surface'
import { StatusChip } from './StatusChip'
import type { UnmatchedText } from './Unmatched'
import { AssignUnmatchedMessage, ContactsWithNumber, type ContactsWithNumberQuery } from './Unmatched.generated'
import styles from './Unmatched.module.css'
import { UnmatchedWords } from './UnmatchedRow'

const words = admin.unmatched

type Candidate = NonNullable<ContactsWithNumberQuery['organization']>['contactsWithNumber'][number]

interface Props {
  organizationId: string
  text: UnmatchedText
  onClose: () => void
  onAssigned: (name: string) => Promise<void>
}

/** Whose text it is: contacts with the sender's number, or with another one that is looked up. */
export function AssignUnmatched({ organizationId, text, onClose, onAssigned }: Props) {
  const [cell, setCell] = useState(text.contactNumber)
  const [contact, setContact] = useState<Candidate | null>(null)
  const assign = useAction(
    useCallback(async (to: Candidate) => {
      await request(AssignUnmatchedMessage, { messageId: text.id, campaignContactId: to.id })
      await onAssigned(nameOf(to))
    }, [text.id, onAssigned]),
  )
  const look = (wanted: string) => {
    setContact(null)
    assign.clear()
    setCell(wanted)
  }
  return (
    <Dialog title={words.whose} isOpen onClose={onClose}>
      <blockquote className={styles.quote}><UnmatchedWords text={text} /></blockquote>
      <Candidates organizationId={organizationId} cell={cell} chosen={contact} onChoose={setContact} />
      <LookUp onLook={look} />
      <ErrorNotice error={assign.error} title={words.failed} />
      <DialogActions>
        <Button onClick={onClose}>{common.cancel}</Button>
        <Button kind="primary" disabled={contact === null} isBusy={assign.isRunning} onClick={() => { if (contact) void assign.run(contact) }}>{words.put}</Button>
      </DialogActions>
    </Dialog>
  )
}

function LookUp({ onLook }: { onLook: (cell: string) => void }) {
  const [typed, setTyped] = useState('')
  const [isChecked, setChecked] = useState(false)
  const cell = phoneNumber(typed)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setChecked(true)
    if (cell !== null) onLook(cell)
  }
  return (
    <details>
      <summary className={styles.summary}>{words.other}</summary>
      <form className={styles.lookUp} onSubmit={submit} noValidate>
        <TextField label={words.number} type="tel" autoComplete="off" error={isChecked && cell === null ? words.noNumber : null} value={typed} onChange={(event) => { setTyped(event.target.value) }} />
        <div><Button type="submit">{words.look}</Button></div>
      </form>
    </details>
  )
}

interface CandidatesProps {
  organizationId: string
  cell: string
  chosen: Candidate | null
  onChoose: (contact: Candidate) => void
}

function Candidates({ organizationId, cell, chosen, onChoose }: CandidatesProps) {
  const { data, error } = useQuery(ContactsWithNumber, { organizationId, cell })
  const found = data?.organization?.contactsWithNumber
  if (error) return <ErrorNotice error={error} title={common.couldNotLoad} />
  if (!found) return <Loading rows={1} />
  if (found.length === 0) return <p className="quiet" role="status">{words.nobody(phoneWords(cell))}</p>
  return (
    <fieldset className={styles.candidates}>
      <legend>{words.candidates(phoneWords(cell))}</legend>
      {found.map((contact) => (
        <label key={contact.id} className={styles.candidate}>
          <input type="radio" name="contact" checked={chosen?.id === contact.id} onChange={() => { onChoose(contact) }} />
          <span>
            <span className={styles.name}>{nameOf(contact)}</span> <StatusChip status={contact.campaign.status} /> {contact.isOptedOut && <Chip tone="danger">{words.optedOut}</Chip>}
            <span className={styles.campaign}>{contact.campaign.title}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}

function nameOf({ firstName, lastName, cell }: Candidate): string {
  return `${firstName} ${lastName}`.trim() || phoneWords(cell)
}

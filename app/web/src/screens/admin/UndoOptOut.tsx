import { useCallback, useState, type SubmitEvent } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { phoneNumber, phoneWords } from '../../lib/phone'
import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { Card, ErrorNotice, Notice } from '../../ui/Surface'
import { UndoOptOut as Undo } from './OptOuts.generated'

const words = admin.optOuts.undo

export function UndoOptOut({ organizationId }: { organizationId: string }) {
  const [number, setNumber] = useState('')
  const [reason, setReason] = useState('')
  const [isChecked, setChecked] = useState(false)
  const [undone, setUndone] = useState<string | null>(null)
  const cell = phoneNumber(number)
  const undo = useAction(
    useCallback(async (of: string) => {
      setUndone(null)
      await request(Undo, { organizationId, cell: of, reason: reason.trim() })
      setUndone(of)
      setNumber('')
      setReason('')
      setChecked(false)
    }, [organizationId, reason]),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setChecked(true)
    if (cell !== null && reason.trim() !== '') void undo.run(cell)
  }
  return (
    <Card>
      <form className="stack" onSubmit={submit} noValidate>
        <h2>{words.title}</h2>
        <p className="quiet">{words.text}</p>
        <TextField label={words.number} type="tel" autoComplete="off" error={isChecked && cell === null ? words.noNumber : null} value={number} onChange={(event) => { setNumber(event.target.value) }} />
        <TextField label={words.reason} error={isChecked && reason.trim() === '' ? words.noReason : null} value={reason} onChange={(event) => { setReason(event.target.value) }} />
        <ErrorNotice error={undo.error} title={words.failed} />
        {undone !== null && <Notice tone="success">{words.done(phoneWords(undone))}</Notice>}
        <div>
          <Button type="submit" isBusy={undo.isRunning}>{words.submit}</Button>
        </div>
      </form>
    </Card>
  )
}

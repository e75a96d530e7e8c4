import { useCallback, useState, type SubmitEvent } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { settings } from '../../text/settings'
import { Button } from '../../ui/Button'
import { Switch, TextField } from '../../ui/Field'
import { Card, ErrorNotice, Notice } from '../../ui/Surface'
import { EditSelf, type AccountQuery } from './Account.generated'

type Me = NonNullable<AccountQuery['currentUser']>

export function NameForm({ me }: { me: Me }) {
  const [firstName, setFirstName] = useState(me.firstName)
  const [lastName, setLastName] = useState(me.lastName)
  const [isReminded, setReminded] = useState(me.subscribedToReminders)
  const [isSaved, setSaved] = useState(false)
  const [isChecked, setChecked] = useState(false)
  const missing = (value: string) => (isChecked && value.trim() === '' ? settings.required : null)
  const save = useAction(
    useCallback(async () => {
      await request(EditSelf, { userData: { firstName: firstName.trim(), lastName: lastName.trim(), subscribedToReminders: isReminded } })
      setSaved(true)
    }, [firstName, lastName, isReminded]),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setChecked(true)
    setSaved(false)
    if (firstName.trim() !== '' && lastName.trim() !== '') void save.run()
  }

  return (
    <Card>
      <form className="stack" onSubmit={submit} noValidate>
        <h2>{settings.names}</h2>
        <ErrorNotice error={save.error} />
        {isSaved && <Notice tone="success">{settings.nameSaved}</Notice>}
        <TextField label={settings.firstName} hint={settings.firstNameHint} autoComplete="given-name" error={missing(firstName)} value={firstName} onChange={(event) => { setFirstName(event.target.value) }} />
        <TextField label={settings.lastName} autoComplete="family-name" error={missing(lastName)} value={lastName} onChange={(event) => { setLastName(event.target.value) }} />
        <TextField label={settings.email} hint={settings.emailHint} value={me.email} readOnly disabled />
        <Switch label={settings.reminders} checked={isReminded} onChange={(event) => { setReminded(event.target.checked) }} />
        <div>
          <Button type="submit" kind="primary" isBusy={save.isRunning}>{settings.save}</Button>
        </div>
      </form>
    </Card>
  )
}

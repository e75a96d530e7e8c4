import { useCallback, useState, type ComponentProps, type SubmitEvent } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { settings } from '../../text/settings'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { Card, ErrorNotice, Notice } from '../../ui/Surface'
import { ChangeUserPassword } from './Account.generated'

const EMPTY = { password: '', newPassword: '', passwordConfirm: '' }
type Form = typeof EMPTY

function problems(form: Form): Partial<Form> {
  const found: Partial<Form> = {}
  if (form.password === '') found.password = settings.required
  if (form.newPassword.length < 8) found.newPassword = settings.tooShort
  if (form.newPassword !== form.passwordConfirm) found.passwordConfirm = settings.passwordsDiffer
  return found
}

export function PasswordForm({ me }: { me: { id: string; email: string } }) {
  const [form, setForm] = useState(EMPTY)
  const [isChecked, setChecked] = useState(false)
  const [isChanged, setChanged] = useState(false)
  const found = isChecked ? problems(form) : {}
  const change = useAction(
    useCallback(async () => {
      await request(ChangeUserPassword, { userId: me.id, formData: { ...form, email: me.email } })
      setForm(EMPTY)
      setChecked(false)
      setChanged(true)
    }, [form, me]),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setChecked(true)
    setChanged(false)
    if (Object.keys(problems(form)).length === 0) void change.run()
  }
  const field = (name: keyof Form, label: string): ComponentProps<typeof TextField> => ({
    label,
    type: 'password',
    value: form[name],
    error: found[name],
    onChange: (event) => { setForm({ ...form, [name]: event.target.value }) },
  })

  return (
    <Card>
      <form className="stack" onSubmit={submit} noValidate>
        <h2>{settings.password}</h2>
        <ErrorNotice error={change.error} />
        {isChanged && <Notice tone="success">{settings.passwordChanged}</Notice>}
        <input type="hidden" autoComplete="username" value={me.email} />
        <TextField {...field('password', settings.oldPassword)} autoComplete="current-password" />
        <TextField {...field('newPassword', settings.newPassword)} hint={settings.passwordHint} autoComplete="new-password" />
        <TextField {...field('passwordConfirm', settings.newPasswordAgain)} autoComplete="new-password" />
        <div>
          <Button type="submit" isBusy={change.isRunning}>{settings.changePassword}</Button>
        </div>
      </form>
    </Card>
  )
}

import { useCallback, useState, type ComponentProps, type SubmitEvent } from 'react'
import { post } from '../../api/client'
import { useAction } from '../../api/useAction'
import { login } from '../../text/login'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { ErrorNotice } from '../../ui/Surface'
import { enter } from './enter'
import styles from './Login.module.css'

const EMPTY = { firstName: '', lastName: '', email: '', cell: '', password: '', passwordConfirm: '' }
type Form = typeof EMPTY

const LEAST_PASSWORD = 8

function problems(form: Form): Partial<Form> {
  const found: Partial<Form> = {}
  for (const name of ['firstName', 'lastName', 'email', 'cell'] as const) {
    if (form[name].trim() === '') found[name] = login.required
  }
  if (found.email === undefined && !/^\S+@\S+\.\S+$/.test(form.email.trim())) found.email = login.notAnEmail
  if (form.password.length < LEAST_PASSWORD) found.password = login.tooShort
  if (form.password !== form.passwordConfirm) found.passwordConfirm = login.passwordsDiffer
  return found
}

export function SignUpForm({ nextUrl }: { nextUrl: string }) {
  const [form, setForm] = useState(EMPTY)
  const [isChecked, setChecked] = useState(false)
  const found = isChecked ? problems(form) : {}
  const signUp = useAction(
    useCallback(async () => {
      enter(await post('/login-callback', { authType: 'signup', ...form, email: form.email.trim(), nextUrl }))
    }, [form, nextUrl]),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(problems(form)).length === 0) void signUp.run()
  }
  const field = (name: keyof Form, label: string): ComponentProps<typeof TextField> => ({
    label,
    value: form[name],
    error: found[name],
    onChange: (event) => { setForm({ ...form, [name]: event.target.value }) },
  })

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <ErrorNotice error={signUp.error} />
      <div className={styles.pair}>
        <TextField {...field('firstName', login.firstName)} hint={login.firstNameHint} autoComplete="given-name" />
        <TextField {...field('lastName', login.lastName)} autoComplete="family-name" />
      </div>
      <TextField {...field('email', login.email)} type="email" autoComplete="username" />
      <TextField {...field('cell', login.cell)} hint={login.cellHint} type="tel" autoComplete="tel" />
      <div className={styles.pair}>
        <TextField {...field('password', login.password)} hint={login.passwordHint} type="password" autoComplete="new-password" />
        <TextField {...field('passwordConfirm', login.passwordAgain)} type="password" autoComplete="new-password" />
      </div>
      <Button type="submit" kind="primary" size="large" isWide isBusy={signUp.isRunning}>{login.signUp}</Button>
    </form>
  )
}

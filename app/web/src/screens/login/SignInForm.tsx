import { useCallback, useState, type SubmitEvent } from 'react'
import { post } from '../../api/client'
import { useAction } from '../../api/useAction'
import { login } from '../../text/login'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { ErrorNotice } from '../../ui/Surface'
import { enter } from './enter'

export function SignInForm({ nextUrl }: { nextUrl: string }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useAction(
    useCallback(async () => {
      enter(await post('/login-callback', { authType: 'login', email: email.trim(), password, nextUrl }))
    }, [email, password, nextUrl]),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void signIn.run()
  }

  return (
    <form className="stack" onSubmit={submit}>
      <ErrorNotice error={signIn.error} title={login.failed} />
      <TextField label={login.email} type="email" autoComplete="username" required value={email} onChange={(event) => { setEmail(event.target.value) }} />
      <TextField label={login.password} type="password" autoComplete="current-password" required value={password} onChange={(event) => { setPassword(event.target.value) }} />
      <Button type="submit" kind="primary" size="large" isWide isBusy={signIn.isRunning}>{login.signIn}</Button>
    </form>
  )
}

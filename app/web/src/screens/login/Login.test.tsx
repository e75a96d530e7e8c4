// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { NOBODY, open } from '../../../dev/test-kit'
import { localPath } from './Login'

test.each([
  ['/app/1/todos?x=1', '/app/1/todos?x=1'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['', '/'],
  [null, '/'],
])('after signing in, %j leads to %j', (next, path) => {
  expect(localPath(next)).toBe(path)
})

test('a wrong password is told in a sentence', async () => {
  const { user } = open('/login', NOBODY)
  await user.type(await screen.findByLabelText('Email'), 'admin@spoke.test')
  await user.type(screen.getByLabelText('Password'), 'wrong')
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  expect((await screen.findByRole('alert')).textContent).toContain('Email or password is not right.')
})

test('an invitation opens the form for a new account, which says what is missing', async () => {
  const { user } = open('/login?nextUrl=/join-campaign/abc', NOBODY)
  await user.click(await screen.findByRole('button', { name: 'Create account' }))
  expect(screen.getAllByText('Fill this in.')).toHaveLength(4)
  expect(screen.getByText('Use at least 8 characters.')).toBeTruthy()
})

test('somebody signed out is sent to sign in', async () => {
  const { router } = open('/', NOBODY)
  await screen.findByRole('heading', { name: 'Sign in' })
  expect(router.state.location.pathname).toBe('/login')
})

// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { NOBODY, open, TEXTER } from '../../../dev/test-kit'
import { config } from '../../config'
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

afterEach(() => {
  config.signIn = 'password'
})

test.each([
  ['slack', 'Sign in with Slack'],
  ['auth0', 'Continue to sign in'],
] as const)('%s has one way in and no password', async (provider, label) => {
  config.signIn = provider
  open('/login?nextUrl=/join-campaign/a%3Fb', NOBODY)
  const link = await screen.findByRole('link', { name: label })
  expect(link.getAttribute('href')).toBe(`/login/${provider}-redirect?nextUrl=%2Fjoin-campaign%2Fa%3Fb`)
  expect(screen.queryByLabelText('Password')).toBeNull()
  expect(screen.queryByRole('button', { name: 'Create account' })).toBeNull()
  expect(screen.queryByRole('alert')).toBeNull()
})

test.each([
  ['denied', 'Slack did not let you in.'],
  ['stale', 'Start again here.'],
  ['team', 'That was another Slack workspace.'],
  ['unverified', 'Slack has not confirmed your email address yet.'],
  ['many', 'Wait a minute'],
  ['unavailable', 'Slack does not answer as it should.'],
])('the problem "%s" says what to do', async (problem, words) => {
  config.signIn = 'slack'
  open(`/login?problem=${problem}`, NOBODY)
  expect((await screen.findByRole('alert')).textContent).toContain(words)
})

test('a problem nobody knows is none', async () => {
  config.signIn = 'slack'
  open('/login?problem=toString', NOBODY)
  await screen.findByRole('link', { name: 'Sign in with Slack' })
  expect(screen.queryByRole('alert')).toBeNull()
})

test('the code of conduct is agreed to once, and leads on', async () => {
  const assign = vi.fn()
  vi.stubGlobal('location', { assign })
  const { user, sent } = open('/terms?next=/app/1/todos', TEXTER)
  await user.click(await screen.findByRole('button', { name: 'I agree' }))
  await vi.waitFor(() => { expect(assign).toHaveBeenCalledWith('/app/1/todos') })
  expect(sent('UserAgreeTerms')).toHaveLength(1)
})

test('somebody signed out is sent to sign in', async () => {
  const { router } = open('/', NOBODY)
  await screen.findByRole('heading', { name: 'Sign in' })
  expect(router.state.location.pathname).toBe('/login')
})

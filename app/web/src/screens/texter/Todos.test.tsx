// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { open, TEXTER } from '../../../dev/test-kit'
import { MockServer } from '../../../dev/mock/server'

const card = (name: RegExp) => screen.findByRole('region', { name })

test('each campaign offers what can be done in it', async () => {
  open('/app/1/todos', TEXTER)
  const running = within(await card(/Early vote/))
  expect(running.getByRole('link', { name: 'Send 18 first texts' })).toBeTruthy()
  expect(running.getByRole('link', { name: 'Answer 5 replies' })).toBeTruthy()
  const closing = within(await card(/Volunteer recruitment/))
  expect(closing.queryByRole('link', { name: /first text/ })).toBeNull()
  expect(closing.getByRole('link', { name: /Answer/ })).toBeTruthy()
})

test('joining by link leads to a batch and to the first text', async () => {
  const { router, user } = open('/join-campaign/token1', '5')
  await user.click(await screen.findByRole('button', { name: 'Get contacts and start' }))
  await screen.findByRole('button', { name: 'Send' })
  expect(router.state.location.pathname).toMatch(/\/text$/)
})

test.each([
  ['nonsense', /This invitation is not valid/],
  ['token4', /This campaign is archived/],
])('the link %s says why it does not work', async (token, words) => {
  open(`/join-campaign/${token}`, TEXTER)
  expect(await screen.findByText(words)).toBeTruthy()
})

test('a page that could not be loaded can be tried again', async () => {
  const server = new MockServer()
  server.faults = [{ operation: 'Todos', code: 'NETWORK', times: 1 }]
  const { user } = open('/app/1/todos', TEXTER, server)
  await screen.findByText(/No connection right now/)
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  await card(/Early vote/)
})

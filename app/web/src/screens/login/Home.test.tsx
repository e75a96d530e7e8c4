// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { ADMIN, open, TEXTER } from '../../../dev/test-kit'

test.each([
  ['an admin', ADMIN, 'Campaigns', '/admin/1/campaigns'],
  ['a texter', TEXTER, 'Your campaigns', '/app/1/todos'],
  ['a suspended texter', '6', 'Your account is suspended', '/app/1/suspended'],
  ['somebody without an organization', '5', 'You are in. Now you need an invitation', '/'],
])('%s comes to the right place', async (_, userId, heading, path) => {
  const { router } = open('/', userId)
  await screen.findByRole('heading', { level: 1, name: heading })
  expect(router.state.location.pathname).toBe(path)
})

test('an organization can be created while waiting for an invitation', async () => {
  const { router, user } = open('/', '5')
  await user.click(await screen.findByRole('link', { name: 'Create an organization' }))
  await user.type(await screen.findByLabelText('Organization’s name'), 'Ward 7{Enter}')
  await screen.findByRole('heading', { level: 1, name: 'Campaigns' })
  expect(router.state.location.pathname).toMatch(/^\/admin\/\d+\/campaigns$/)
})

test('a path that leads nowhere says so', async () => {
  open('/nowhere', TEXTER)
  await screen.findByRole('heading', { name: 'There is nothing here' })
})

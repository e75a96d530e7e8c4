// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { ADMIN, open } from '../../../dev/test-kit'

test('an export ends with a file', async () => {
  const { user, server } = open('/admin/1/opt-outs', ADMIN)
  server.pace.jobSeconds = 0
  await user.click(await screen.findByRole('button', { name: 'Make the file' }))
  const link = await screen.findByRole('link', { name: 'Download the opt-outs' })
  expect(link.getAttribute('href')).toContain('opt-outs.csv')
})

test('an import wants a file and a reason before it asks anybody', async () => {
  const { user, sent } = open('/admin/1/opt-outs', ADMIN)
  await user.clear(await screen.findByLabelText('Why they are opted out'))
  await user.click(screen.getByRole('button', { name: 'Opt them out' }))
  await screen.findByText('Choose a file.')
  await screen.findByText('Give a reason.')
  expect(sent('ImportOptOuts')).toEqual([])
})

test('an opt-out is undone with its reason, and one that is none says so', async () => {
  const { user, server, sent } = open('/admin/1/opt-outs', ADMIN)
  const contact = server.world.contacts[0]
  if (!contact) throw new Error('the world is empty')
  contact.isOptedOut = true
  await user.click(await screen.findByRole('button', { name: 'Undo the opt-out' }))
  await screen.findByText('Type a number like (617) 555-0123.')
  const fill = async (number: string) => {
    await user.type(screen.getByLabelText('Phone number'), number)
    await user.type(screen.getByLabelText('Reason'), 'called us')
    await user.click(screen.getByRole('button', { name: 'Undo the opt-out' }))
  }
  await fill(contact.cell.replace('+1', ''))
  await screen.findByText(/may be texted again/)
  expect(sent('UndoOptOut')).toEqual([{ organizationId: '1', cell: contact.cell, reason: 'called us' }])
  expect(contact.isOptedOut).toBe(false)
  await fill('6175550000')
  await screen.findByText('The opt-out was not undone')
})

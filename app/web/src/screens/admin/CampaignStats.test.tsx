// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { newCampaign } from '../../../dev/mock/data'
import { MockServer } from '../../../dev/mock/server'
import { ADMIN, open } from '../../../dev/test-kit'

test('shows the figures, the texters and the link', async () => {
  open('/admin/1/campaigns/1', ADMIN)
  expect((await screen.findByText('Messaged', { selector: 'dt' })).nextSibling?.textContent).toBe('62')
  const rows = within(screen.getByRole('table', { name: 'Texters' })).getAllByRole('row')
  expect(rows.map((row) => row.firstChild?.textContent)).toEqual(['Texter', 'Ravi Rao', 'Tess Taylor'])
  expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Link for texters' }).value).toContain('/join-campaign/token1')
})

test('texters come by the hundred', async () => {
  const server = new MockServer()
  for (let number = 101; number <= 202; number += 1) {
    const user = { id: server.world.nextId(), firstName: 'Sam', lastName: `No${String(number)}`, email: `${String(number)}@example.org`, password: '', cell: '' }
    server.world.users.push(user)
    server.world.assignments.push({ id: server.world.nextId(), campaignId: '1', userId: user.id, maxContacts: null, version: 1 })
  }
  const { user } = open('/admin/1/campaigns/1', ADMIN, server)
  const names = () => screen.getAllByRole('rowheader').map((cell) => cell.textContent)
  await screen.findByRole('heading', { name: 'Texters 104' })
  expect([names().length, names()[0], names().at(-1)]).toEqual([100, 'Ravi Rao', 'Sam No199'])
  await user.click(screen.getByRole('link', { name: 'Next texters' }))
  await screen.findByRole('rowheader', { name: 'Tess Taylor' })
  expect(names()).toEqual(['Sam No200', 'Sam No201', 'Sam No202', 'Tess Taylor'])
  expect(screen.queryByRole('link', { name: 'Next texters' })).toBeNull()
  expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Texters 104' }))
  await user.click(screen.getByRole('link', { name: 'First texters' }))
  await screen.findByRole('rowheader', { name: 'Ravi Rao' })
})

test('closing for first texts shows at once', async () => {
  const { user } = open('/admin/1/campaigns/1', ADMIN)
  await user.click(await screen.findByRole('button', { name: 'Change status' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Replies only' }))
  await screen.findByText('Replies only')
})

test('archiving asks for a word', async () => {
  const { user, server } = open('/admin/1/campaigns/1', ADMIN)
  await user.click(await screen.findByRole('button', { name: 'Change status' }))
  await user.click(await screen.findByRole('menuitem', { name: /Archive/ }))
  const dialog = within(await screen.findByRole('dialog'))
  const confirm = dialog.getByRole('button', { name: 'Archive campaign' })
  expect(confirm).toHaveProperty('disabled', true)
  await user.type(dialog.getByLabelText('Type DELETE to confirm'), 'DELETE')
  await user.click(confirm)
  await screen.findByText('Archived')
  expect(server.world.campaigns[0]?.status).toBe('ARCHIVED')
})

test('an archived campaign is opened again by who has read what is lost', async () => {
  const { user, server, sent } = open('/admin/1/campaigns/4', ADMIN)
  await user.click(await screen.findByRole('button', { name: 'Open again' }))
  const dialog = within(await screen.findByRole('dialog'))
  dialog.getByText(/Phone numbers that archiving gave back stay with others/)
  expect(sent('UnarchiveCampaign')).toEqual([])
  server.faults.push({ operation: 'UnarchiveCampaign', code: 'BUSY', times: 1 })
  await user.click(dialog.getByRole('button', { name: 'Open campaign again' }))
  await dialog.findByText(/The system is busy/)
  await user.click(dialog.getByRole('button', { name: 'Open campaign again' }))
  await screen.findByRole('button', { name: 'Change status' })
  expect(server.world.campaigns[3]?.status).toBe('ACTIVE')
})

test('the list is turned forth and back', async () => {
  const server = new MockServer()
  for (let number = 1; number <= 30; number += 1) newCampaign(server.world, '1', '2').title = `Made ${String(number)}`
  const { user, sent } = open('/admin/1/campaigns?status=ANY', ADMIN, server)
  await screen.findByRole('link', { name: /^Made 30/ })
  await user.click(screen.getByRole('button', { name: 'Next' }))
  await screen.findByRole('link', { name: /Early vote/ })
  expect(screen.queryByRole('link', { name: /^Made 6/ })).toBeNull()
  expect(screen.getByRole('button', { name: 'Next' })).toHaveProperty('disabled', true)
  await user.click(screen.getByRole('button', { name: 'Previous' }))
  await screen.findByRole('link', { name: /^Made 30/ })
  expect(screen.getByRole('button', { name: 'Previous' })).toHaveProperty('disabled', true)
  const id = (title: string) => server.world.campaigns.find((campaign) => campaign.title === title)?.id
  expect(sent('CampaignList').map(({ page }) => page)).toEqual([
    { limit: 26 },
    { limit: 26, afterId: id('Made 6') },
    { limit: 26, beforeId: id('Made 5') },
  ])
})

test('a page behind the end leads back to the list', async () => {
  const { user } = open('/admin/1/campaigns?status=ANY&after=1', ADMIN)
  await user.click(await screen.findByRole('button', { name: 'Show every campaign' }))
  await screen.findByRole('link', { name: /Town hall/ })
})

test('the list finds by title and by status', async () => {
  const { user } = open('/admin/1/campaigns', ADMIN)
  await screen.findByRole('link', { name: /Early vote/ })
  expect(screen.queryByRole('link', { name: /Town hall/ })).toBeNull()
  await user.selectOptions(screen.getByLabelText('Status'), 'Any status')
  await screen.findByRole('link', { name: /Town hall/ })
  await user.type(screen.getByRole('searchbox'), 'zebra')
  await screen.findByText('No campaign matches')
  await user.click(screen.getByRole('button', { name: 'Show every campaign' }))
  await screen.findByRole('link', { name: /Town hall/ })
})

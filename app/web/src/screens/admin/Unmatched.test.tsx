// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { ADMIN, open, TEXTER } from '../../../dev/test-kit'

const PATH = '/admin/1/unmatched'
const texts = () => screen.findAllByRole('article')
const choose = async (user: ReturnType<typeof open>['user'], from: RegExp) => {
  await user.click(within(await screen.findByRole('article', { name: from })).getByRole('button', { name: 'Find its conversation' }))
  return within(await screen.findByRole('dialog'))
}

test('a text goes to a contact with the number it came from, and leaves the list', async () => {
  const { user, server, sent } = open(PATH, ADMIN)
  expect(await texts()).toHaveLength(4)
  const dialog = await choose(user, /\(603\) 555-1004/)
  const put = dialog.getByRole('button', { name: 'Put it into this conversation' })
  expect(put).toHaveProperty('disabled', true)
  await user.click(await dialog.findByRole('radio', { name: /Early vote: Hillsborough County/ }))
  await user.click(put)
  await screen.findByText(/The text from \(603\) 555-1004 is in the conversation with \w+ \w+ now\./)
  expect(await texts()).toHaveLength(3)
  const to = server.world.contacts.find(({ id }) => id === sent('AssignUnmatchedMessage')[0]?.campaignContactId)
  expect(to?.messages.at(-1)?.text).toContain('I lost your last text')
})

test('somebody with a new number is looked up by the old one', async () => {
  const { user } = open(PATH, ADMIN)
  const dialog = await choose(user, /\(617\) 555-0188/)
  await dialog.findByText(/No contact of your started campaigns has the number \(617\) 555-0188/)
  await user.click(dialog.getByText('They were texted at another number'))
  await user.click(dialog.getByRole('button', { name: 'Look up' }))
  dialog.getByText('Type a number like (617) 555-0123.')
  await user.type(dialog.getByLabelText('Phone number'), '603 555 1009')
  await user.click(dialog.getByRole('button', { name: 'Look up' }))
  expect((await dialog.findAllByRole('radio')).length).toBeGreaterThan(0)
})

test('a text somebody else was quicker with says so and stays for the next look', async () => {
  const { user, server } = open(PATH, ADMIN)
  server.faults.push({ operation: 'AssignUnmatchedMessage', code: 'NOT_FOUND', times: 1 })
  const dialog = await choose(user, /\(603\) 555-1004/)
  await user.click((await dialog.findAllByRole('radio'))[0] ?? document.body)
  await user.click(dialog.getByRole('button', { name: 'Put it into this conversation' }))
  await dialog.findByText('The text stays here')
})

test('older ones are a page of their own', async () => {
  const { user, server, sent } = open(PATH, ADMIN)
  const [one] = server.world.unmatched
  if (!one) throw new Error('the world is empty')
  for (let id = 1; id <= 26; id += 1) server.world.unmatched.push({ ...one, id: String(id) })
  await user.click(await screen.findByRole('link', { name: 'Older' }))
  await screen.findByRole('link', { name: 'Newest' })
  expect(sent('UnmatchedTexts').at(-1)).toEqual({ organizationId: '1', beforeId: '6', limit: 26 })
  expect(await texts()).toHaveLength(5)
  expect(screen.queryByRole('link', { name: 'Older' })).toBeNull()
})

test('nothing left says so, and a failure offers another try', async () => {
  const { user, server } = open(PATH, ADMIN)
  server.world.unmatched.length = 0
  server.faults.push({ operation: 'UnmatchedTexts', code: 'BUSY', times: 1 })
  await user.click(await screen.findByRole('button', { name: 'Try again' }))
  await screen.findByText('Every text found its conversation')
})

test('texters have no such page', async () => {
  open(PATH, TEXTER)
  await screen.findByText('You cannot see this')
  expect(screen.queryByRole('link', { name: 'Unmatched' })).toBeNull()
})

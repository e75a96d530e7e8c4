// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { open, TEXTER } from '../../../dev/test-kit'
import { MockServer } from '../../../dev/mock/server'

const PATH = '/app/1/todos/11/text'
const firstTexts = (server: MockServer) =>
  server.world.contacts.filter((contact) => contact.assignmentId === '11' && contact.messageStatus === 'messaged' && contact.messages.length === 1)
const sendButton = async () => {
  const button = await screen.findByRole('button', { name: 'Send' })
  await waitFor(() => { expect(button.getAttribute('aria-disabled')).toBeNull() })
  return button
}
const nameShown = async () => (await screen.findByRole('heading', { level: 2 })).textContent

test('holding Enter down sends once, to the contact shown, as rendered', async () => {
  const { server, sent } = open(PATH, TEXTER)
  await sendButton()
  const name = await nameShown()
  const before = firstTexts(server).length
  for (let press = 0; press < 5; press += 1) fireEvent.keyDown(document.body, { key: 'Enter', repeat: press > 0 })
  fireEvent.keyUp(document.body, { key: 'Enter' })
  fireEvent.keyUp(document.body, { key: 'Enter' })
  await screen.findByText(`Sent to ${name}`)
  expect(firstTexts(server)).toHaveLength(before + 1)
  const [variables] = sent('SendFirstMessage')
  expect(variables).toMatchObject({ message: { isInitialMessage: true, text: expect.stringContaining(`Hi ${name}, it’s Tess with`) as string } })
})

test('the Enter that opened the screen sends nothing', async () => {
  const { sent } = open(PATH, TEXTER)
  await sendButton()
  fireEvent.keyUp(document.body, { key: 'Enter' })
  expect(sent('SendFirstMessage')).toHaveLength(0)
})

test('a double click sends once: the next contact takes no click before it was seen', async () => {
  const { sent, user } = open(PATH, TEXTER)
  await user.dblClick(await sendButton())
  await screen.findByText(/Sent to/)
  expect(sent('SendFirstMessage')).toHaveLength(1)
})

test('an answer lost on the way is asked for again with the same key, and nobody is texted twice', async () => {
  const server = new MockServer()
  server.faults = [{ operation: 'SendFirstMessage', code: 'NETWORK', times: 1, after: true }]
  const before = firstTexts(server).length
  const { sent, user } = open(PATH, TEXTER, server)
  await user.click(await sendButton())
  await screen.findByText(/No connection\. We keep trying/)
  await screen.findByText(/Sent to/)
  const keys = sent('SendFirstMessage').map((variables) => (variables.message as { idempotencyKey: string }).idempotencyKey)
  expect(keys).toHaveLength(2)
  expect(keys[0]).toBe(keys[1])
  expect(firstTexts(server)).toHaveLength(before + 1)
})

test('somebody who opted out meanwhile is passed over, and the texter is told', async () => {
  const server = new MockServer()
  server.faults = [{ operation: 'SendFirstMessage', code: 'OPTED_OUT', times: 1 }]
  const { user } = open(PATH, TEXTER, server)
  const button = await sendButton()
  const name = await nameShown()
  await user.click(button)
  await screen.findByText(`${name} was skipped: they opted out of texts`)
  expect(await nameShown()).not.toBe(name)
})

test('a campaign closed meanwhile stops the sending and leads to the conversations', async () => {
  const server = new MockServer()
  server.faults = [{ operation: 'SendFirstMessage', code: 'CAMPAIGN_CLOSED_FOR_INITIAL_SENDS', times: 1 }]
  const { user } = open(PATH, TEXTER, server)
  await user.click(await sendButton())
  await screen.findByText('No more first texts')
  expect(screen.queryByRole('button', { name: 'Send' })).toBeNull()
  expect(screen.getByRole('link', { name: 'Conversations' })).toHaveProperty('pathname', '/app/1/todos/11/conversations')
})

test('outside texting hours nothing can be sent, and it says until when', async () => {
  const server = new MockServer()
  for (const contact of server.world.contacts) contact.isTextable = false
  open(PATH, TEXTER, server)
  await screen.findByText('The rest has to wait')
  expect(screen.getByText(/9 AM to 9 PM/)).toBeTruthy()
})

test('after the last contact another batch can be taken', async () => {
  const server = new MockServer()
  const mine = server.world.contacts.filter((contact) => contact.assignmentId === '11')
  for (const contact of mine) contact.messageStatus = contact.id === mine.at(-1)?.id ? 'needsMessage' : 'messaged'
  const { user } = open(PATH, TEXTER, server)
  await user.click(await sendButton())
  await user.click(await screen.findByRole('button', { name: 'Get more contacts' }))
  await waitFor(async () => { expect(await sendButton()).toBeTruthy() })
  expect(server.world.contacts.filter((contact) => contact.assignmentId === '11' && contact.messageStatus === 'needsMessage').length).toBeGreaterThan(1)
})

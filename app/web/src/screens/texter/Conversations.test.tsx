// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { open, TEXTER } from '../../../dev/test-kit'
import { MockServer } from '../../../dev/mock/server'

const PATH = '/app/1/todos/11/conversations'
const box = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: /Reply to/ })
const waiting = (server: MockServer) => server.world.contacts.filter((contact) => contact.assignmentId === '11' && contact.messageStatus === 'needsResponse')
const contactOf = (server: MockServer, id: string) => server.world.contacts.find((contact) => contact.id === id)

test('opens the one that has waited longest; Enter sends and Shift+Enter starts a line', async () => {
  const { server, router, user } = open(PATH, TEXTER)
  const longest = waiting(server).sort((a, b) => a.updatedAt.localeCompare(b.updatedAt))[0]
  await user.type(await box(), 'Line one{Shift>}{Enter}{/Shift}line two{Enter}')
  await screen.findByText((_, element) => element?.tagName === 'P' && element.textContent === 'Line one\nline two')
  expect(router.state.location.pathname).toBe(`${PATH}/${longest?.id ?? ''}`)
  expect(contactOf(server, longest?.id ?? '')?.messageStatus).toBe('convo')
  expect((await box()).value).toBe('')
})

test('what could not be sent stays in the box, and trying again does not send it twice', async () => {
  const server = new MockServer()
  server.faults = [{ operation: 'SendReply', code: 'NETWORK', times: 1, after: true }]
  const { user } = open(PATH, TEXTER, server)
  await user.type(await box(), 'See you there{Enter}')
  await screen.findByText('Not sent. Your words are still in the box.')
  expect((await box()).value).toBe('See you there')
  await user.click(screen.getByRole('button', { name: 'Send' }))
  await screen.findByText('See you there', { selector: 'p' })
  const sent = server.world.contacts.flatMap((contact) => contact.messages).filter((message) => message.text === 'See you there')
  expect(sent).toHaveLength(1)
})

test('what was begun survives leaving the conversation', async () => {
  const { router, user } = open(PATH, TEXTER)
  await user.type(await box(), 'Half a sent')
  const first = router.state.location.pathname
  const others = within(screen.getByRole('navigation', { name: 'Conversations' })).getAllByRole('link')
  await user.click(others[1] ?? document.body)
  await waitFor(() => { expect(screen.queryByDisplayValue('Half a sent')).toBeNull() })
  await box()
  await router.navigate(first)
  expect(await screen.findByDisplayValue('Half a sent')).toBeTruthy()
})

test('a prepared response fills the box with this contact’s fields and is named when sent', async () => {
  const { server, sent, user } = open(PATH, TEXTER)
  await box()
  await user.type(screen.getByRole('searchbox', { name: 'Search responses' }), 'ride')
  await user.click(screen.getByRole('button', { name: /Ride to the polls/ }))
  expect((await box()).value).toMatch(/Our drivers in (Concord|Nashua|Keene|Dover|Portsmouth) are free/)
  expect(screen.queryByRole('button', { name: /Wrong number/ })).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Send' }))
  await screen.findByText(/Our drivers in/, { selector: 'p' })
  const id = server.world.campaigns[0]?.canned.find((canned) => canned.title === 'Ride to the polls')?.id
  expect(sent('SendReply')[0]).toMatchObject({ message: { cannedResponseId: Number(id) } })
})

test('skipping moves on to the next that waits', async () => {
  const { server, router, user } = open(PATH, TEXTER)
  await box()
  const before = router.state.location.pathname
  const id = before.split('/').at(-1) ?? ''
  await user.click(screen.getByRole('button', { name: 'Skip reply' }))
  await screen.findByRole('button', { name: /Skipped 2/ })
  expect(contactOf(server, id)?.messageStatus).toBe('closed')
  expect(router.state.location.pathname).not.toBe(before)
})

test('opting out sends the last word first, and says so when that fails', async () => {
  const server = new MockServer()
  server.faults = [{ operation: 'SendReply', code: 'INTERNAL_SERVER_ERROR', times: 1 }]
  const { router, user } = open(PATH, TEXTER, server)
  await box()
  const id = router.state.location.pathname.split('/').at(-1) ?? ''
  await user.click(screen.getByRole('button', { name: 'Opt out' }))
  await user.click(await screen.findByRole('button', { name: 'Send and opt out' }))
  await screen.findByText('The last message was not sent, and they are not opted out yet.')
  expect(contactOf(server, id)?.isOptedOut).toBe(false)
  await user.click(screen.getByRole('button', { name: 'Send and opt out' }))
  await waitFor(() => { expect(contactOf(server, id)?.isOptedOut).toBe(true) })
  expect(contactOf(server, id)?.messages.at(-1)?.text).toMatch(/opting you out/)
})

test('an opted-out contact cannot be written to', async () => {
  const server = new MockServer()
  const id = waiting(server)[0]?.id ?? ''
  Object.assign(contactOf(server, id) ?? {}, { isOptedOut: true })
  const { user } = open(`${PATH}/${id}`, TEXTER, server)
  await user.type(await box(), 'Hi')
  expect(screen.getByText(/This contact has opted out/)).toBeTruthy()
  expect(screen.getByRole('button', { name: 'Send' })).toHaveProperty('disabled', true)
})

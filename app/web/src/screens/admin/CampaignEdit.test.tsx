// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { ADMIN, open } from '../../../dev/test-kit'
import { MockServer } from '../../../dev/mock/server'

const last = (elements: HTMLElement[]) => elements.at(-1) ?? document.body
const PATH = '/admin/1/campaigns/3/edit'
const section = (name: string) => screen.findByRole('button', { name: new RegExp(`^(Done|To do) ?${name}`) })
const start = () => screen.getByRole('button', { name: 'Start campaign' })
const editor = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'First text to each contact' })

test('says what is missing, takes it section by section, and starts', async () => {
  const server = new MockServer()
  server.pace.jobSeconds = 0.1
  const { user, router } = open(PATH, ADMIN, server)
  await user.click(await section('Basics'))
  expect(start()).toHaveProperty('disabled', true)
  expect(screen.getByText('Title, description and due date')).toBeTruthy()

  const basics = within(screen.getByRole('region', { name: /Basics/ }))
  await user.type(basics.getByLabelText('Description'), 'Remind them')
  const due = basics.getByLabelText('Due date')
  await user.type(due, '2099-11-03')
  await user.click(basics.getByRole('button', { name: 'Save' }))
  await basics.findByText('Saved')

  await user.click(await section('First text'))
  await user.type(await editor(), 'Hi {{first_name}!')
  expect(screen.getByText('The first text')).toBeTruthy()
  await user.click(within(screen.getByRole('region', { name: /First text/ })).getByRole('button', { name: 'Save' }))
  await screen.findByRole('heading', { name: 'Ready to start' })

  await user.click(start())
  await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Start campaign' }))
  await screen.findByRole('heading', { name: /Texters/ }, { timeout: 15_000 })
  expect(router.state.location.pathname).toBe('/admin/1/campaigns/3')
  expect(server.world.campaigns.find(({ id }) => id === '3')?.status).toBe('ACTIVE')
})

test('a field nobody knows is flagged while typing, and a chip goes in where the cursor is', async () => {
  const { user } = open(PATH, ADMIN)
  await user.click(await section('First text'))
  const box = await editor()
  await user.type(box, 'Hi , see you in {{town}')
  expect(screen.getByText(/Nobody knows \{town\}/)).toBeTruthy()
  box.setSelectionRange(3, 3)
  await user.click(within(screen.getByRole('region', { name: /First text/ })).getByRole('button', { name: 'first_name' }))
  expect(box.value).toBe('Hi {first_name}, see you in {town}')
  const previews = await screen.findAllByText(/^Hi \w+, see you in \{town\}$/)
  expect(previews.length).toBeGreaterThanOrEqual(3)
})

test('the report lists every row that was turned away', async () => {
  const { user } = open(PATH, ADMIN)
  await user.click(await section('Contacts'))
  const rejected = within(screen.getByRole('table', { name: '6 rows not loaded' }))
  expect(rejected.getAllByText('not a valid phone number')).toHaveLength(2)
  expect(screen.getByRole('link', { name: /Download all/ })).toBeTruthy()
})

test('responses are added, moved and removed in one save', async () => {
  const { user, server } = open('/admin/1/campaigns/1/edit', ADMIN)
  await user.click(await section('Responses'))
  const region = within(screen.getByRole('region', { name: /Responses/ }))
  await user.click(region.getByRole('button', { name: 'Remove: Where to vote' }))
  await user.click(region.getByRole('button', { name: 'Move down: Ride to the polls' }))
  await user.click(region.getByRole('button', { name: 'Add a response' }))
  await user.type(last(region.getAllByLabelText('Title')), 'Yard sign')
  expect(region.getByText('Every response needs a title and a text.')).toBeTruthy()
  await user.type(last(region.getAllByLabelText('Text')), 'We bring one.')
  await user.click(region.getByRole('button', { name: 'Save' }))
  await region.findByText('Saved')
  const kept = server.world.campaigns[0]?.canned.filter((canned) => !canned.deleted).map((canned) => canned.title)
  expect(kept).toEqual(['Who is this?', 'Ride to the polls', 'Supporter: thanks', 'Wrong number', 'Yard sign'])
})

/** The upload itself, which only a browser can do. */
vi.mock('./uploadFile', () => ({ uploadFile: () => Promise.resolve('contactUploads/1') }))

test('columns with other names are told apart by hand before the file is uploaded', async () => {
  const { user, sent } = open('/admin/1/campaigns/new', ADMIN)
  const input = await screen.findByLabelText(/Drop a CSV file here/)
  const upload = () => screen.getByRole('button', { name: 'Upload and continue' })
  await user.upload(input, new File(['name,phone,color,notes\nAna,6175550123,red,x\n'], 'people.csv', { type: 'text/csv' }))
  await screen.findByText('Say which column is the phone number.')
  expect(upload()).toHaveProperty('disabled', true)
  screen.getByText('6175550123')
  await user.selectOptions(screen.getByLabelText('What phone is'), 'Phone number')
  screen.getByText(/No column is the first name/)
  await user.selectOptions(screen.getByLabelText('What name is'), 'Phone number')
  screen.getByText('Two columns are “Phone number”. Only one can be.')
  await user.selectOptions(screen.getByLabelText('What name is'), 'First name')
  await user.selectOptions(screen.getByLabelText('What notes is'), 'Left out')
  await user.clear(screen.getByLabelText('What scripts call color'))
  expect(upload()).toHaveProperty('disabled', true)
  await user.type(screen.getByLabelText('What scripts call color'), 'favorite')
  await user.click(upload())
  await screen.findByRole('progressbar', { name: /Reading people.csv/ })
  expect(sent('CreateCampaign')[0]?.contactColumns).toEqual([
    { column: 'name', field: 'FIRST_NAME' },
    { column: 'phone', field: 'CELL' },
    { column: 'color', field: 'CUSTOM', name: 'favorite' },
  ])
})

test('a file whose names say everything is uploaded as it is', async () => {
  const { user, sent } = open('/admin/1/campaigns/new', ADMIN)
  const input = await screen.findByLabelText(/Drop a CSV file here/)
  await user.upload(input, new File(['First Name,last,cell,phone_number\nAna,Ortiz,,6175550123\n'], 'people.csv', { type: 'text/csv' }))
  await user.click(await screen.findByRole('button', { name: 'Upload and continue' }))
  await screen.findByRole('progressbar', { name: /Reading people.csv/ })
  expect(sent('CreateCampaign')[0]?.contactColumns).toBeNull()
})

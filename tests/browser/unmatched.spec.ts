/** A text that matches nobody's conversation, put where it belongs by hand. */
import { expect, test, type Page } from '@playwright/test'
import { contacts } from './contacts.ts'
import { signedIn, watch } from './people.ts'

test('a text nobody matched is put into a conversation', async ({ browser, contextOptions }, info) => {
  const title = `Lost ${info.project.name} ${String(Date.now())}`
  const admin = await signedIn(browser, 'ADMIN', contextOptions)
  const errors = watch(admin)
  const cell = await test.step('somebody answers who was never texted', () => answered(admin, title))
  await admin.getByRole('link', { name: 'Unmatched' }).click()
  await expect(admin.getByRole('heading', { name: 'Unmatched texts', level: 1 })).toBeVisible()
  const text = admin.getByRole('article').filter({ hasText: `What is ${title}?` })

  await test.step('the admin finds the contact with that number', async () => {
    await expect(text.getByRole('heading', { name: cell })).toBeVisible()
    await text.getByRole('button', { name: 'Find its conversation' }).click()
    const dialog = admin.getByRole('dialog', { name: 'Whose text is this?' })
    await expect(dialog.getByRole('button', { name: 'Put it into this conversation' })).toBeDisabled()
    await dialog.getByRole('radio', { name: new RegExp(title) }).check()
    await dialog.getByRole('button', { name: 'Put it into this conversation' }).click()
    await expect(dialog).toBeHidden()
  })
  await test.step('and the text has left the list', async () => {
    await expect(admin.getByText(`The text from ${cell} is in the conversation with Ana Tester now.`)).toBeVisible()
    await expect(text).toHaveCount(0)
    await admin.reload()
    await expect(admin.getByRole('heading', { name: 'Unmatched texts', level: 1 })).toBeVisible()
    await expect(text).toHaveCount(0)
  })
  expect(errors).toEqual([])
})

/** Loads and starts a campaign and lets its first contact answer before anybody has texted them; tells the number. */
async function answered(page: Page, title: string): Promise<string> {
  await page.getByRole('link', { name: 'New campaign', exact: true }).click()
  await page.getByRole('textbox', { name: /^Title/ }).fill(title)
  const buffer = Buffer.from(contacts().csv)
  await page.getByLabel(/Drop a CSV file here|Choose a file/).setInputFiles({ name: 'lost.csv', mimeType: 'text/csv', buffer })
  await page.getByRole('button', { name: 'Upload and continue' }).click()
  await expect(page.getByText('12 contacts loaded from lost.csv')).toBeVisible({ timeout: 60_000 })
  const id = /campaigns\/(\d+)/.exec(page.url())?.[1]
  const started = await ask(page, START, { id, campaign: { description: title, dueBy: '2100-11-02', interactionSteps: { id: 'new', script: 'Hi {firstName}' } } })
  expect(started.errors).toBeUndefined()
  const found = await ask(page, 'query ($id: String!) { campaign(id: $id) { contactsPreview { id cell } } }', { id })
  const contact = found.data?.campaign?.contactsPreview[0]
  if (!contact) throw new Error(`campaign ${String(id)} has no contacts`)
  const message = `What is ${title}?`
  const refused = await ask(page, 'mutation ($id: String!, $message: String!) { sendReply(id: $id, message: $message) { id } }', { id: contact.id, message })
  expect(refused.errors?.[0]?.message).toBe('Nobody has texted this contact yet.')
  return contact.cell.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3')
}

const START = `mutation ($id: String!, $campaign: CampaignInput!) {
  editCampaign(id: $id, campaign: $campaign) { id }
  startCampaign(id: $id) { id }
}`

interface Answer {
  data?: { campaign?: { contactsPreview: { id: string; cell: string }[] } }
  errors?: { message: string }[]
}

/** Asks the API as the page's person. */
async function ask(page: Page, query: string, variables: object): Promise<Answer> {
  const response = await page.request.post('/graphql', { data: { query, variables } })
  return (await response.json()) as Answer
}

/** What a campaign is: an admin loads contacts and starts, a texter joins, texts, and answers. */
import { expect, test, type Page } from '@playwright/test'
import { contacts } from './contacts.ts'
import { signedIn, watch } from './people.ts'

const SCRIPT = 'Hi {firstName}, {texterFirstName} here. Is {favoriteColor} still your color?'

test('a campaign from the contact file to the last answer', async ({ browser, contextOptions, isMobile }, info) => {
  const title = `Doors ${info.project.name} ${String(Date.now())}`
  const people = contacts()

  const admin = await signedIn(browser, 'ADMIN', contextOptions)
  const adminErrors = watch(admin)
  await test.step('the admin loads a file and sees what was turned away', () => load(admin, title, people.csv))
  await test.step('writes the script and sees it as contacts will', () => write(admin))
  await test.step('says what it is about, and when texts may go out', () => describeIt(admin))
  const link = await test.step('starts it and copies the link', () => start(admin, title))

  const texter = await signedIn(browser, 'TEXTER', contextOptions)
  const texterErrors = watch(texter)
  await test.step('a texter joins by the link and asks for contacts', () => join(texter, link, title))
  await test.step('sends the first texts, by click and by Enter', () => sendAll(texter, people.names.length, isMobile))
  await test.step('answers a reply', () => answer(texter))
  await test.step('skips one and opts one out', () => skipAndOptOut(texter))
  await test.step('the admin sees it in the figures', () => figures(admin, people.names.length))
  expect([...adminErrors, ...texterErrors]).toEqual([])
})

async function load(page: Page, title: string, csv: string): Promise<void> {
  await page.getByRole('link', { name: 'New campaign', exact: true }).click()
  await page.getByRole('textbox', { name: /^Title/ }).fill(title)
  await page.getByLabel(/Drop a CSV file here|Choose a file/).setInputFiles({
    name: 'doors.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(csv),
  })
  await expect(page.getByLabel('What favoriteColor is')).toHaveValue('CUSTOM')
  await page.getByRole('button', { name: 'Upload and continue' }).click()
  // The worker reads the file; the page follows by itself.
  await expect(page.getByText('12 contacts loaded from doors.csv')).toBeVisible({ timeout: 60_000 })
  await expect(figure(page, 'rows in the file')).toHaveText('14')
  await expect(figure(page, 'invalid')).toHaveText('1')
  await expect(figure(page, 'duplicates')).toHaveText('1')
  const rejected = page.getByRole('table', { name: '2 rows not loaded' })
  await expect(rejected.getByRole('row', { name: /12345/ })).toBeVisible()
  await save(page, 'First text')
}

/** The value beside a term of a description list. */
function figure(page: Page, term: string) {
  return page.locator('dl > div', { has: page.locator('dt', { hasText: new RegExp(`^${term}$`) }) }).locator('dd')
}

function opener(page: Page, section: string) {
  return page.getByRole('button', { name: new RegExp(`^(Done|To do)\\s*${section}`) })
}

async function open(page: Page, section: string): Promise<void> {
  await opener(page, section).click()
  await expect(opener(page, section)).toHaveAttribute('aria-expanded', 'true')
}

/** Saves the open section, which leads to the next one. */
async function save(page: Page, next: string | null): Promise<void> {
  const button = page.getByRole('button', { name: 'Save and go on' }).filter({ visible: true })
  await button.click()
  if (next === null) await expect(button).toBeHidden()
  else await expect(opener(page, next)).toHaveAttribute('aria-expanded', 'true')
}

async function write(page: Page): Promise<void> {
  const text = page.getByLabel('First text to each contact')
  await text.fill('Hi {firstName}, do you like {favouriteColour}?')
  await expect(page.getByText(/Nobody knows .*favouriteColour/)).toBeVisible()
  await text.fill(SCRIPT)
  await expect(page.getByText(/Nobody knows/)).toBeHidden()
  await expect(page.getByText(/^Hi Ana, \w+ here\. Is red still your color\?$/).first()).toBeVisible()
  await save(page, 'Responses')
}

async function describeIt(page: Page): Promise<void> {
  await open(page, 'Basics')
  await page.getByLabel('Description').fill('Ask our neighbors about colors')
  const due = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)
  await page.getByLabel('Due date').fill(due)
  await save(page, 'Contacts')
  // Whatever time it is when this test runs: texts may go out.
  await open(page, 'Texting hours')
  await page.getByRole('switch', { name: 'Own hours for this campaign' }).check()
  await page.getByRole('switch', { name: 'Text only within these hours' }).uncheck()
  await save(page, null)
}

async function start(page: Page, title: string): Promise<string> {
  await expect(page.getByRole('heading', { name: 'Ready to start' })).toBeVisible()
  await page.getByRole('button', { name: 'Start campaign' }).click()
  const dialog = page.getByRole('dialog', { name: 'Start this campaign?' })
  await expect(dialog).toContainText('12 contacts')
  await dialog.getByRole('button', { name: 'Start campaign' }).click()
  const link = page.getByRole('textbox', { name: 'Link for texters' })
  await expect(link).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('heading', { name: title })).toBeVisible()
  return link.inputValue()
}

async function join(page: Page, link: string, title: string): Promise<void> {
  await page.goto(link)
  await expect(page.getByRole('heading', { name: title, level: 1 })).toBeVisible()
  await page.getByRole('button', { name: 'Get contacts and start' }).click()
  await expect(page.getByText('First text to', { exact: true })).toBeVisible()
}

async function sendAll(page: Page, count: number, isMobile: boolean): Promise<void> {
  const heading = page.getByRole('main').getByRole('heading', { level: 2 })
  for (let sent = 0; sent < count; sent += 1) {
    const name = await heading.innerText()
    await expect(page.getByText(new RegExp(`^Hi ${name}, \\w+ here\\. Is (red|green|blue) still your color\\?$`))).toBeVisible()
    if (isMobile || sent % 2 === 0) await page.getByRole('button', { name: 'Send', exact: true }).click()
    else await page.keyboard.press('Enter')
    if (sent + 1 < count) await expect(page.getByText(`Sent to ${name}`, { exact: true })).toBeVisible()
  }
  await expect(page.getByRole('heading', { name: 'All sent. Well done!' })).toBeVisible()
}

/** Those who wait for an answer, in the list of conversations. */
function waiting(page: Page) {
  return page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name: /Needs your reply/ })
}

/** On a phone a conversation fills the screen, and when it is done the next one may come by itself. */
async function toList(page: Page): Promise<void> {
  const back = page.getByRole('link', { name: 'Back to the list' })
  const tabs = page.getByRole('button', { name: /^Active/ })
  await expect(async () => {
    if (!(await tabs.isVisible())) await back.click({ timeout: 2_000 })
    await expect(tabs).toBeVisible({ timeout: 2_000 })
  }).toPass()
}

async function answer(page: Page): Promise<void> {
  await page.getByRole('link', { name: /^(Conversations|Answer \d+ repl)/ }).click()
  // The simulated replies come in by themselves.
  await expect(waiting(page).or(page.getByText('(autoreply)')).first()).toBeVisible({ timeout: 60_000 })
  await toList(page)
  await waiting(page).first().click()
  await expect(page.getByText('(autoreply)').first()).toBeVisible()
  await page.getByLabel(/^Reply to /).fill('done, thank you!')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'done, thank you!' })).toBeVisible()
}

async function skipAndOptOut(page: Page): Promise<void> {
  await toList(page)
  await expect(waiting(page).nth(1)).toBeVisible({ timeout: 60_000 })
  await waiting(page).first().click()
  await page.getByRole('button', { name: 'Skip reply' }).click()
  await toList(page)
  await page.getByRole('button', { name: /^Skipped 1$/ }).click()
  await expect(page.getByRole('navigation', { name: 'Conversations' }).getByRole('link')).toHaveCount(1)
  await page.getByRole('button', { name: /^Active/ }).click()
  await waiting(page).first().click()
  await page.getByRole('button', { name: 'Opt out' }).click()
  const dialog = page.getByRole('dialog', { name: /^Opt .* out\?$/ })
  await dialog.getByRole('button', { name: 'Opt out without a text' }).click()
  await expect(dialog).toBeHidden()
}

async function figures(page: Page, count: number): Promise<void> {
  await page.reload()
  await expect(figure(page, 'Messaged')).toHaveText(String(count), { timeout: 30_000 })
  await expect(figure(page, 'Skipped')).toHaveText('1')
  await expect(figure(page, 'Opt-outs')).toHaveText('1')
  await expect(figure(page, 'Replied')).not.toHaveText('0')
  await expect(page.getByRole('table', { name: 'Texters' }).getByRole('row')).toHaveCount(2)
}

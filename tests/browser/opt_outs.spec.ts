/** People who want no texts come and go as files. */
import { readFile } from 'node:fs/promises'
import { expect, test, type Page } from '@playwright/test'
import { signedIn, watch } from './people.ts'

/** Numbers of this run alone: what others do must not change what the file says. */
function numbers(): string[] {
  const start = 2_125_000_000 + Math.floor(Math.random() * 4_000_000)
  return [start, start + 1, start + 2].map((number) => `+1${String(number)}`)
}

test('opt-outs come in by a file and go out by one', async ({ browser, contextOptions }) => {
  const [ana, ben, cleo] = numbers()
  const admin = await signedIn(browser, 'ADMIN', contextOptions)
  const errors = watch(admin)
  await admin.getByRole('link', { name: 'Opt-outs' }).click()
  await expect(admin.getByRole('heading', { name: 'Opt-outs', level: 1 })).toBeVisible()

  await test.step('without a file nothing happens', async () => {
    await admin.getByRole('button', { name: 'Opt them out' }).click()
    await expect(admin.getByText('Choose a file.')).toBeVisible()
  })
  await test.step('a file is taken, and the row that is no number comes back', async () => {
    const csv = `cell,reason\n${ana ?? ''},asked by mail\n${ben ?? ''},\n12345,\n`
    await admin.getByLabel('File', { exact: true }).setInputFiles({ name: 'out.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await admin.getByLabel('Why they are opted out').fill('from the old list')
    await admin.getByRole('button', { name: 'Opt them out' }).click()
    const rejected = admin.getByRole('link', { name: 'Download the rows that were rejected' })
    await expect(rejected).toBeVisible({ timeout: 60_000 })
    expect(await downloaded(admin, () => rejected.click())).toContain('12345')
  })
  await test.step('the file that is taken along has them, with their reasons', async () => {
    await admin.getByRole('button', { name: 'Make the file' }).click()
    const link = admin.getByRole('link', { name: 'Download the opt-outs' })
    await expect(link).toBeVisible({ timeout: 60_000 })
    const csv = await downloaded(admin, () => link.click())
    expect(csv).toMatch(new RegExp(`\\${ana ?? ''},.*asked by mail`))
    expect(csv).toMatch(new RegExp(`\\${ben ?? ''},.*from the old list`))
    expect(csv).not.toContain(cleo)
  })
  expect(errors).toEqual([])
})

async function downloaded(page: Page, click: () => Promise<void>): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), click()])
  return readFile(await download.path(), 'utf8')
}

/** A contact file whose columns are called as nobody expects. */
import { expect, test } from '@playwright/test'
import { contacts } from './contacts.ts'
import { signedIn, watch } from './people.ts'

test('an admin says what the columns of a file are', async ({ browser, contextOptions }) => {
  const admin = await signedIn(browser, 'ADMIN', contextOptions)
  const errors = watch(admin)
  const csv = contacts().csv.replace('firstName,lastName,cell,favoriteColor', 'Given,Family,Mobile,Color')
  const upload = admin.getByRole('button', { name: 'Upload and continue' })
  const what = (column: string) => admin.getByLabel(`What ${column} is`)

  await admin.getByRole('link', { name: 'New campaign', exact: true }).click()
  await admin.getByLabel(/Drop a CSV file here|Choose a file/).setInputFiles({ name: 'mine.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await test.step('sees the first values, and what is missing', async () => {
    await expect(admin.getByText('Ana · Ben · Cleo')).toBeVisible()
    await expect(admin.getByText('Say which column is the phone number.')).toBeVisible()
    await expect(upload).toBeDisabled()
  })
  await test.step('says what they are', async () => {
    await what('Mobile').selectOption('Phone number')
    await what('Given').selectOption('First name')
    await what('Family').selectOption('Left out')
    await admin.getByLabel('What scripts call Color').fill('favorite color')
    await upload.click()
  })
  await test.step('and the contacts are as they were meant', async () => {
    await expect(admin.getByText('12 contacts loaded from mine.csv')).toBeVisible({ timeout: 60_000 })
    const sample = admin.getByRole('table', { name: 'The first contacts' })
    await expect(sample.getByRole('columnheader', { name: 'favorite color' })).toBeVisible()
    await expect(sample.getByRole('row', { name: /^Ana empty \(\d{3}\) \d{3}-\d{4} empty red$/ })).toBeVisible()
    await expect(sample.getByText('Tester')).toHaveCount(0)
  })
  expect(errors).toEqual([])
})

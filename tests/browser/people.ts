/** People at their browsers. */
import { expect, type Browser, type BrowserContextOptions, type Page } from '@playwright/test'
import { account, instance } from './instance.ts'

/** A page of somebody signed in, in a browser of their own. */
export async function signedIn(browser: Browser, role: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ ...options, baseURL: instance().url })
  const page = await context.newPage()
  await page.goto('/login')
  const { email, password } = account(role)
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).not.toHaveURL(/\/login/)
  return page
}

/** Fails when the page ever logs an error or throws: somebody would have seen a broken screen. */
export function watch(page: Page): string[] {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('response', (response) => {
    if (response.status() >= 500) errors.push(`${String(response.status())} ${response.url()}`)
  })
  return errors
}

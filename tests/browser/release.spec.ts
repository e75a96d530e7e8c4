/** A release under way while somebody texts: nobody notices until the page is loaded anew. */
import { expect, test, type Page } from '@playwright/test'
import { edit, instance, spokectl } from './instance.ts'
import { signedIn, watch } from './people.ts'

/** The entry script a freshly loaded page names. */
async function bundle(page: Page): Promise<string> {
  const answer = await page.request.get(`${instance().url}/login`)
  expect(answer.status()).toBe(200)
  const found = /\/assets\/([^"']+\.js)/.exec(await answer.text())
  if (!found?.[1]) throw new Error('the page names no bundle')
  return found[1]
}

test('texting goes on while a release shifts, and the next page is the new one', async ({ browser, contextOptions }) => {
  test.setTimeout(600_000)
  const texter = await signedIn(browser, 'TEXTER', contextOptions)
  const errors = watch(texter)
  const visitor = await (await browser.newContext({ ...contextOptions, baseURL: instance().url })).newPage()
  const before = await bundle(visitor)
  await toSending(texter)

  await edit('app/web/src/text/login.ts', "signIn: 'Sign in'", "signIn: 'Sign in to Spoke'")
  let isOver = false
  const deploying = spokectl('deploy', '--stage', 'local', '--yes').finally(() => (isOver = true))
  const seen = [before]
  let sent = 0
  while (!isOver) {
    await sendOne(texter)
    sent += 1
    const now = await bundle(visitor)
    if (now !== seen.at(-1)) seen.push(now)
  }
  const ended = await deploying
  expect(ended.code, ended.stderr).toBe(0)
  expect(sent).toBeGreaterThan(3)
  expect(errors).toEqual([])
  // The page that was open all the time still works.
  await sendOne(texter)

  const after = await bundle(visitor)
  expect(after).not.toBe(before)
  // Old, then new, and never back: however the traffic was split.
  expect([[before], [before, after]]).toContainEqual(seen)
  await visitor.goto('/login')
  await expect(visitor.getByRole('button', { name: 'Sign in to Spoke' })).toBeVisible()
})

test('a version that answers errors goes away by itself, and nobody has to load a page anew', async ({ browser, contextOptions }) => {
  test.setTimeout(600_000)
  const texter = await signedIn(browser, 'TEXTER', contextOptions)
  const visitor = await (await browser.newContext({ ...contextOptions, baseURL: instance().url })).newPage()
  const before = await bundle(visitor)
  await toSending(texter)

  await edit('app/src/http/mod.rs', '.fallback(get(pages::page))', '.fallback(get(async || axum::http::StatusCode::INTERNAL_SERVER_ERROR))')
  let isOver = false
  const deploying = spokectl('deploy', '--stage', 'local', '--yes').finally(() => (isOver = true))
  let errors = 0
  while (!isOver) {
    // Whoever loads a page may meet the new version; whoever is texting does not notice.
    const answer = await visitor.request.get(`${instance().url}/login`)
    if (answer.status() >= 500) errors += 1
    if (errors % 5 === 1) await sendOne(texter)
  }
  const ended = await deploying
  expect(ended.code, ended.stderr).toBe(3)
  expect(ended.stderr).toContain('an alarm stopped the shift')
  expect(errors).toBeGreaterThan(0)

  await sendOne(texter)
  // Often enough to meet both versions, were the traffic still split.
  for (let times = 0; times < 20; times += 1) expect(await bundle(visitor)).toBe(before)
  await texter.reload()
  await expect(texter.getByText('First text to', { exact: true })).toBeVisible()
})

async function toSending(page: Page): Promise<void> {
  await page.goto('/')
  const go = page
    .getByRole('link', { name: /^Send \d+ first texts?$/ })
    .or(page.getByRole('button', { name: /^Get (contacts and start|more contacts)$/ }))
    .first()
  await go.click()
  await expect(page.getByText('First text to', { exact: true })).toBeVisible()
}

async function sendOne(page: Page): Promise<void> {
  const name = await page.getByRole('main').getByRole('heading', { level: 2 }).innerText()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const more = page.getByRole('button', { name: 'Get more contacts' })
  await expect(page.getByText(`Sent to ${name}`, { exact: true }).or(more)).toBeVisible()
  if (await more.isVisible()) {
    await more.click()
    await expect(page.getByText('First text to', { exact: true })).toBeVisible()
  }
}

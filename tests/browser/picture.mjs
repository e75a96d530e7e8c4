/**
 * The picture of the README: an admin's desk and a texter's phone, of a running instance.
 *
 *   cargo run -- up --detach --output json | (cd tests/browser && npm run --silent picture)
 */
import { chromium, devices } from '@playwright/test'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const target = path.resolve(import.meta.dirname, '../../docs/spoke.png')
const { url, accounts } = JSON.parse(readFileSync(0, 'utf8'))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})

/** A page of somebody signed in. */
async function signedIn(role, options) {
  const account = accounts.find((each) => each.role.toLowerCase() === role)
  const page = await (await browser.newContext({ ...options, baseURL: url })).newPage()
  await page.goto('/login')
  await page.getByLabel('Email').fill(account.email)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((address) => !address.pathname.startsWith('/login'))
  return page
}

/** A screenshot as an address of data. */
async function shot(page) {
  await page.evaluate(() => document.fonts.ready)
  const image = await page.screenshot({ animations: 'disabled', caret: 'hide' })
  return `data:image/png;base64,${image.toString('base64')}`
}

try {
  const texter = await signedIn('texter', { ...devices['Pixel 7'] })
  await texter
    .getByRole('link', { name: /^Send \d+ first texts?$/ })
    .or(texter.getByRole('button', { name: /^Get (contacts and start|more contacts)$/ }))
    .first()
    .click()
  await texter.getByText('First text to', { exact: true }).waitFor()
  // Enough texts for figures worth looking at; some are answered at once.
  const send = texter.getByRole('button', { name: 'Send', exact: true })
  for (let sent = 0; sent < 40; sent += 1) {
    const name = await texter.getByRole('main').getByRole('heading', { level: 2 }).innerText()
    await send.click()
    await texter.getByText(`Sent to ${name}`, { exact: true }).waitFor()
  }
  const phone = await shot(texter)

  const admin = await signedIn('admin', { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 2 })
  await admin.getByRole('main').getByRole('link').filter({ hasText: /contacts/ }).first().click()
  await admin.getByRole('heading', { name: 'Texters' }).or(admin.getByRole('table', { name: 'Texters' })).first().waitFor()
  const desk = await shot(admin)

  const page = await (await browser.newContext({ viewport: { width: 1400, height: 940 }, deviceScaleFactor: 1.5 })).newPage()
  await page.setContent(`
    <style>
      body { margin: 0; background: linear-gradient(160deg, #dfeceb, #f6efe3); height: 940px; position: relative; overflow: hidden }
      img { position: absolute; display: block; box-shadow: 0 24px 60px #0f2a3033, 0 2px 8px #0f2a3022 }
      .desk { left: 60px; top: 60px; width: 1120px; border-radius: 12px }
      .phone { right: 60px; bottom: 40px; width: 320px; border-radius: 36px; border: 10px solid #10262b }
    </style>
    <img class="desk" src="${desk}" alt=""><img class="phone" src="${phone}" alt="">`)
  await page.waitForFunction(() => [...document.images].every((image) => image.complete))
  await page.screenshot({ path: target })
  console.log(`${path.relative(process.cwd(), target)} is made`)
} finally {
  await browser.close()
}

/**
 * Every screen as a desk and a phone show it: pictures into /tmp/spoke-look (or $LOOK_DIR), and
 * whatever axe finds serious or critical to the terminal. Runs the mock instance by itself.
 * `npm run look -- todos send` takes only the screens whose name contains one of the words.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'
import { createServer } from 'vite'
import { scenes } from './scenes.mjs'

const folder = process.env.LOOK_DIR ?? '/tmp/spoke-look'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sizes = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }
const only = process.argv.slice(2)
const scheme = process.env.LOOK_SCHEME ?? 'light'

mkdirSync(folder, { recursive: true })
const server = await createServer({ server: { port: 5300 }, logLevel: 'error' })
await server.listen()
const base = (server.resolvedUrls?.local[0] ?? '').replace(/\/$/, '')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
let problems = 0
for (const [size, viewport] of Object.entries(sizes)) {
  for (const scene of scenes) {
    if (only.length > 0 && !only.some((word) => scene.name.includes(word))) continue
    await look(scene, size, viewport)
  }
}
await browser.close()
await server.close()
console.log(problems === 0 ? 'no serious or critical violations, nothing too wide' : `${problems} problems`)
process.exit(problems === 0 ? 0 : 1)

async function look(scene, size, viewport) {
  await fetch(`${base}/mock`, { method: 'POST', body: JSON.stringify({ reset: true, ...scene.mock }) })
  const context = await browser.newContext({
    viewport, colorScheme: scheme, isMobile: size === 'phone', hasTouch: size === 'phone', deviceScaleFactor: 1,
    permissions: ['clipboard-read', 'clipboard-write'], reducedMotion: 'reduce',
  })
  if (scene.user) await context.addCookies([{ name: 'session', value: scene.user, url: base }])
  const page = await context.newPage()
  page.on('pageerror', (error) => report(scene, size, `page error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !scene.isFailing) report(scene, size, `console: ${message.text()}`)
  })
  if (scene.before) await scene.before(page)
  await page.goto(base + scene.path)
  if (!scene.isLoading) await page.waitForLoadState('networkidle')
  try {
    if (scene.act) await scene.act(page, size)
  } catch (error) {
    report(scene, size, `could not be acted out: ${error.message.split('\n')[0]}`)
  }
  await page.waitForTimeout(250)
  await page.screenshot({ path: `${folder}/${scene.name}-${size}${scheme === 'dark' ? '-dark' : ''}.png`, fullPage: scene.isLong ?? false })
  await inspect(page, scene, size)
  await context.close()
}

async function inspect(page, scene, size) {
  const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  if (isTooWide) report(scene, size, 'scrolls sideways')
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => globalThis.axe.run())
  for (const { id, impact, nodes } of violations) {
    if (impact === 'serious' || impact === 'critical') report(scene, size, `${id}: ${nodes[0].html.slice(0, 140)} ${nodes[0].any[0]?.message ?? ''}`)
    else console.log(`  (${impact}) ${scene.name} ${size}: ${id} ${nodes[0].html.slice(0, 100)}`)
  }
}

function report(scene, size, words) {
  problems += 1
  console.log(`${scene.name} ${size}: ${words}`)
}

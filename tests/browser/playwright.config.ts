import { defineConfig, devices } from '@playwright/test'

/** Chromium as Debian has it: as root it runs without its sandbox only, and it calls nobody. */
const launchOptions = {
  ...(process.env['CHROMIUM'] === undefined ? {} : { executablePath: process.env['CHROMIUM'] }),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

/** What admins and texters do. */
const TEXTING = ['campaign.spec.ts', 'columns.spec.ts', 'opt_outs.spec.ts', 'unmatched.spec.ts']

export default defineConfig({
  globalSetup: './setup.ts',
  outputDir: 'results',
  reporter: [['list']],
  // One instance, one machine of two cores: people come one after the other.
  workers: 1,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  use: {
    launchOptions,
    actionTimeout: 15_000,
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
  },
  projects: [
    { name: 'desktop', testMatch: TEXTING, use: { viewport: { width: 1280, height: 800 } } },
    { name: 'phone', testMatch: TEXTING, use: { ...devices['Pixel 7'] } },
    // Last: they change what is deployed.
    { name: 'releases', testMatch: 'release.spec.ts', use: { viewport: { width: 1280, height: 800 } }, dependencies: ['desktop', 'phone'] },
  ],
})

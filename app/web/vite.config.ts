import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { assetManifest } from './build/asset-manifest.ts'
import { mockServer } from './dev/mock/plugin.ts'

const server = process.env.SPOKE_URL

export default defineConfig(({ command }) => ({
  // Relative, so that chunks find each other below /assets/ of the instance and of a CDN alike.
  base: command === 'build' ? './' : '/',
  plugins: [react(), assetManifest(), server === undefined ? mockServer() : []],
  build: {
    target: 'es2022',
    rolldownOptions: { input: 'src/main.tsx' },
    modulePreload: { polyfill: false },
    sourcemap: true,
    assetsInlineLimit: 0,
  },
  server: {
    host: '127.0.0.1',
    ...(server === undefined
      ? {}
      : {
          proxy: Object.fromEntries(
            ['/graphql', '/login-callback', '/login/', '/logout-callback'].map((path) => [path, server]),
          ),
        }),
  },
  test: {
    // Screens ask for jsdom themselves; the rest needs no browser.
    environment: 'node',
    testTimeout: 20_000,

    css: false,
    include: ['src/**/*.test.{ts,tsx}', 'build/**/*.test.ts'],
  },
}))

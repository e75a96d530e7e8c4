import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'

/** What a page needs to load this bundle: `AssetManifest` of `app/contract`. */
export interface AssetManifest {
  bundle: string
  script: string
  styles: string[]
}

/** The first 12 hex digits of the SHA-256 over the sorted file names, one a line. */
export function bundleId(names: readonly string[]): string {
  return createHash('sha256').update([...names].sort().join('\n')).digest('hex').slice(0, 12)
}

/** Writes `manifest/<bundle>.json` beside the assets. */
export function assetManifest(): Plugin {
  return {
    name: 'spoke-asset-manifest',
    apply: 'build',
    generateBundle(_, output) {
      const files = Object.values(output)
      const entry = files.find((file) => file.type === 'chunk' && file.isEntry)
      if (entry?.type !== 'chunk') this.error('the bundle has no entry chunk')
      const manifest: AssetManifest = {
        bundle: bundleId(files.map((file) => file.fileName)),
        script: entry.fileName,
        styles: [...(entry.viteMetadata?.importedCss ?? [])],
      }
      this.emitFile({
        type: 'asset',
        fileName: `manifest/${manifest.bundle}.json`,
        source: `${JSON.stringify(manifest, null, 2)}\n`,
      })
    },
  }
}

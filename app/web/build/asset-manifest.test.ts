import { expect, test } from 'vitest'
import { bundleId } from './asset-manifest'

test('the id depends on the names and not on their order', () => {
  expect(bundleId(['b.js', 'a.js'])).toBe(bundleId(['a.js', 'b.js']))
  expect(bundleId(['a.js'])).not.toBe(bundleId(['b.js']))

  expect(bundleId(['a.js', 'b.js'])).toBe('ccc098e813b2')
})

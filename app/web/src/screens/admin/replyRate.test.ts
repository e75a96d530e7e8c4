import { expect, test } from 'vitest'
import { replyRate } from './replyRate'

test.each([
  [0, 0, 0, '–'],
  [200, 25, 4, '10.5 %'],
  [10, 1, 3, '0.0 %'],
])('%d messaged, %d replied, %d opted out: %s', (messagedCount, repliedCount, optOutsCount, words) => {
  expect(replyRate({ messagedCount, repliedCount, optOutsCount })).toBe(words)
})

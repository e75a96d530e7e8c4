import { expect, test } from 'vitest'
import { keyFor } from './attempt'

const fresh = () => 'new'

test('the same words after an unknown fate keep their key', () => {
  expect(keyFor('Hi', { key: 'old', text: 'Hi', isUncertain: true }, fresh)).toBe('old')
})

test('other words are another text', () => {
  expect(keyFor('Hi!', { key: 'old', text: 'Hi', isUncertain: true }, fresh)).toBe('new')
})

test('the same words after a certain answer are meant again', () => {
  expect(keyFor('Hi', { key: 'old', text: 'Hi', isUncertain: false }, fresh)).toBe('new')
  expect(keyFor('Hi', null, fresh)).toBe('new')
})

import { expect, test } from 'vitest'
import { draftsOf, inputOf, isChangedFrom, moved } from './responseDrafts'

const saved = [
  { id: '2', title: 'B', text: 'b', order: 1 },
  { id: '1', title: 'A', text: 'a', order: 0 },
]

test('drafts stand in the saved order, and nothing has changed at first', () => {
  expect(draftsOf(saved).map(({ id }) => id)).toEqual(['1', '2'])
  expect(isChangedFrom(saved, draftsOf(saved))).toBe(false)
})

test('moving is a change', () => {
  const drafts = moved(draftsOf(saved), 0, 1)
  expect(drafts.map(({ id }) => id)).toEqual(['2', '1'])
  expect(isChangedFrom(saved, drafts)).toBe(true)
})

test('new, changed and removed responses are told apart', () => {
  const drafts = [{ id: 'own-1', isNew: true, title: ' C ', text: 'c' }, { id: '1', isNew: false, title: 'A', text: 'other' }]
  expect(inputOf(saved, drafts)).toEqual([
    { title: 'C', text: 'c', isNew: true },
    { id: '1', title: 'A', text: 'other', isUpdated: true },
    { id: '2', title: 'B', text: 'b', deleted: true, isUpdated: true },
  ])
})

import { expect, test } from 'vitest'
import { advance, EMPTY_QUEUE, mayPass, waitBefore, type SendQueue, type Step, type Waiting } from './sendQueue'

const contact = (id: string): Waiting => ({ id, firstName: `Name${id}`, lastName: '', cell: '', stateCode: null, externalId: null, externalIdType: null, customFields: '{}' })
const play = (...steps: Step[]): SendQueue => steps.reduce(advance, EMPTY_QUEUE)
const arrived: Step = { kind: 'arrived', contacts: [contact('1'), contact('2'), contact('3')], isLast: true }
const refusals = (code: string): Step[] => ['a', 'b', 'c'].flatMap((key): Step[] => [{ kind: 'clicked', key }, { kind: 'refused', key, code }])

test('a second click while one is under way keeps the first key', () => {
  expect(play(arrived, { kind: 'clicked', key: 'a' }, { kind: 'clicked', key: 'b' }).key).toBe('a')
})

test('an accepted text moves the line by one and is counted', () => {
  const queue = play(arrived, { kind: 'clicked', key: 'a' }, { kind: 'accepted', key: 'a' })
  expect(queue.contacts.map(({ id }) => id)).toEqual(['2', '3'])
  expect(queue).toMatchObject({ sentCount: 1, lastSent: 'Name1', key: null, phase: 'ready' })
})

test('without a connection the contact and the key stay', () => {
  const queue = play(arrived, { kind: 'clicked', key: 'a' }, { kind: 'refused', key: 'a', code: 'NETWORK' }, { kind: 'repeated' }, { kind: 'refused', key: 'a', code: 'NETWORK' })
  expect(queue.contacts[0]?.id).toBe('1')
  expect(queue).toMatchObject({ key: 'a', phase: 'failed', failure: { attempts: 2 } })
})

test('an unknown error is repeated with the same key too: the text may have gone out', () => {
  expect(play(arrived, { kind: 'clicked', key: 'a' }, { kind: 'refused', key: 'a', code: 'INTERNAL_SERVER_ERROR' })).toMatchObject({ key: 'a', phase: 'failed' })
})

test.each(['OPTED_OUT', 'TEXTING_HOURS', 'DUPLICATE_MESSAGE'])('%s passes over one contact and says so', (code) => {
  const queue = play(arrived, { kind: 'clicked', key: 'a' }, { kind: 'refused', key: 'a', code })
  expect(queue.contacts[0]?.id).toBe('2')
  expect(queue.skipped).toEqual([{ name: 'Name1', code }])
  expect(queue).toMatchObject({ sentCount: 0, block: null })
})

test('three contacts gone in a row mean that the assignment has changed', () => {
  expect(play(arrived, ...refusals('NOT_FOUND')).block).toBe('changed')
  expect(play(arrived, ...refusals('OPTED_OUT')).block).toBeNull()
})

test('a closed campaign blocks, and nothing more can be clicked', () => {
  const queue = play(arrived, { kind: 'clicked', key: 'a' }, { kind: 'refused', key: 'a', code: 'CAMPAIGN_CLOSED_FOR_INITIAL_SENDS' }, { kind: 'clicked', key: 'b' })
  expect(queue).toMatchObject({ block: 'closed', key: null })
})

test('an answer for another key changes nothing', () => {
  const before = play(arrived, { kind: 'clicked', key: 'a' })
  expect(advance(before, { kind: 'accepted', key: 'old' })).toBe(before)
})

test('contacts that arrive twice stand in line once', () => {
  expect(play(arrived, arrived).contacts).toHaveLength(3)
})

test('waiting grows and is capped', () => {
  expect([1, 2, 3, 9].map(waitBefore)).toEqual([1000, 2000, 4000, 20_000])
})

test('a contact the server keeps failing on can be passed over, one without a connection cannot', () => {
  const failing = (code: string) => {
    const failures = [1, 2, 3].flatMap((): Step[] => [{ kind: 'repeated' }, { kind: 'refused', key: 'a', code }])
    return play(arrived, { kind: 'clicked', key: 'a' }, ...failures)
  }
  expect(mayPass(failing('NETWORK'))).toBe(false)
  const queue = failing('INTERNAL_SERVER_ERROR')
  expect(mayPass(queue)).toBe(true)
  expect(advance(queue, { kind: 'passed' })).toMatchObject({ key: null, phase: 'ready', skipped: [{ name: 'Name1', code: 'UNSURE' }] })
})

import { expect, test } from 'vitest'
import { isComplete, nextSection, startObstacles, type EditedCampaign } from './sections'

const complete: EditedCampaign = {
  id: '1', title: 'Vote', description: 'Text neighbors', dueBy: '2026-11-03', status: 'NOT_STARTED', isStarted: false, contactsCount: 3,
  contactFileName: 'a.csv', customFields: ['city'], contactsPreview: [], contactImportJob: null, contactImport: null, startJob: null,
  interactionSteps: [{ id: '1', script: 'Hi {first_name} in {city}', parentInteractionId: null }], cannedResponses: [],
  overrideOrganizationTextingHours: false, textingHoursEnforced: true, textingHoursStart: 9, textingHoursEnd: 21, timezone: 'America/New_York',
  organization: { id: '1', textingHoursEnforced: true, textingHoursStart: 9, textingHoursEnd: 21 },
}
const job = { id: '1', status: 'RUNNING' as const, progress: 0.5, resultMessage: null, createdAt: '', updatedAt: '' }
const step = (script: string) => [{ id: '1', script, parentInteractionId: null }]

test('a complete campaign may start', () => {
  expect(startObstacles(complete, new Set())).toEqual([])
})

test.each([
  ['basics', { title: ' ' }],
  ['basics', { description: '' }],
  ['basics', { dueBy: null }],
  ['contacts', { contactsCount: 0 }],
  ['contacts', { contactImportJob: job }],
  ['script', { interactionSteps: [] }],
  ['script', { interactionSteps: step('Hi {nobody}') }],
  ['responses', { cannedResponses: [{ id: '1', title: 'A', text: '{nobody}', order: 0 }] }],
] as const)('%s is incomplete with %j', (section, change) => {
  const campaign = { ...complete, ...change } as EditedCampaign
  expect(isComplete(section, campaign)).toBe(false)
  expect(startObstacles(campaign, new Set())).toHaveLength(1)
})

test('changes that are not saved hold it back', () => {
  expect(startObstacles(complete, new Set(['script']))).toEqual(['First text: save your changes'])
})

test('the sections follow each other, and the last leads to what is still to do', () => {
  expect(nextSection('basics', complete)).toBe('contacts')
  expect(nextSection('hours', complete)).toBeNull()
  expect(nextSection('hours', { ...complete, description: '' })).toBe('basics')
})

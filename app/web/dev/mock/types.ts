/** The world's records dressed as the schema's types: fields that need work are functions. */
import { renderScript } from '../../src/lib/script.ts'
import { asSent, countSegments } from '../../src/lib/segments.ts'
import type { Assignment, Campaign, Contact, Job, Organization, User, World } from './data.ts'

const LADDER = ['SUSPENDED', 'TEXTER', 'SUPERVOLUNTEER', 'ADMIN', 'OWNER']

export function rolesOf(organization: Organization, userId: string): string[] {
  const highest = organization.roles.get(userId)
  return highest === undefined ? [] : LADDER.slice(0, LADDER.indexOf(highest) + 1)
}

export function dress(world: World) {
  const organization = (id: string) => asOrganization(must(world.organizations.find((candidate) => candidate.id === id)))

  const asUser = (user: User) => ({
    id: user.id, firstName: user.firstName, lastName: user.lastName, email: user.email,
    displayName: `${user.firstName} ${user.lastName}`, terms: true, isSuperadmin: false, subscribedToReminders: true,
    roles: ({ organizationId }: { organizationId: string }) => rolesOf(must(world.organizations.find((candidate) => candidate.id === organizationId)), user.id),
    organizations: ({ role }: { role?: string }) =>
      world.organizations.filter((candidate) => rolesOf(candidate, user.id).includes(role ?? 'SUSPENDED')).map(asOrganization),
    assignmentSummaries: ({ organizationId }: { organizationId: string }) => {
      if (rolesOf(must(world.organizations.find((candidate) => candidate.id === organizationId)), user.id).length === 1) throw new MockError('SUSPENDED', 'suspended')
      return world.assignments
        .filter((assignment) => {
          const campaign = must(world.campaigns.find((candidate) => candidate.id === assignment.campaignId))
          return assignment.userId === user.id && campaign.organizationId === organizationId && ['ACTIVE', 'CLOSED_FOR_INITIAL_SENDS'].includes(campaign.status)
        })
        .map(asAssignment)
    },
  })

  const asOrganization = (record: Organization): Record<string, unknown> => ({
    id: record.id, name: record.name, textingHoursEnforced: record.enforced, textingHoursStart: record.start, textingHoursEnd: record.end,
    maxContacts: 60_000, optOutMessage: record.optOutMessage,
    campaigns: ({ page, campaignsFilter, sortBy }: { page: { limit: number; afterId?: string; beforeId?: string }; campaignsFilter?: { status?: string; searchString?: string }; sortBy?: string }) => {
      const search = campaignsFilter?.searchString?.toLowerCase() ?? ''
      const found = world.campaigns
        .filter((campaign) => campaign.organizationId === record.id)
        .filter((campaign) => !campaignsFilter?.status || campaign.status === campaignsFilter.status)
        .filter((campaign) => campaign.title.toLowerCase().includes(search))
        .sort((a, b) => (sortBy === 'TITLE' ? a.title.localeCompare(b.title) : sortBy === 'ID_ASC' ? Number(a.id) - Number(b.id) : Number(b.id) - Number(a.id)))
      const at = (id: string) => found.findIndex((campaign) => campaign.id === id)
      const end = page.beforeId === undefined ? found.length : at(page.beforeId)
      const start = page.afterId === undefined ? Math.max(0, page.beforeId === undefined ? 0 : end - page.limit) : at(page.afterId) + 1
      return { campaigns: found.slice(start, end).slice(0, page.limit).map(asCampaign) }
    },
    unmatchedMessages: ({ beforeId, limit }: { beforeId?: string | null; limit: number }) =>
      world.unmatched.filter((text) => Number(text.id) < Number(beforeId ?? Infinity)).sort((a, b) => Number(b.id) - Number(a.id)).slice(0, limit),
    contactsWithNumber: ({ cell }: { cell: string }) =>
      world.contacts.filter((contact) => contact.cell === cell && world.campaigns.some((campaign) => campaign.id === contact.campaignId && campaign.organizationId === record.id)).map(asContact),
  })

  const asCampaign = (record: Campaign) => {
    const contacts = world.contacts.filter((contact) => contact.campaignId === record.id)
    const texted = contacts.filter((contact) => contact.messageStatus !== 'needsMessage')
    const having = (status: string) => contacts.filter((contact) => contact.messageStatus === status && !contact.isOptedOut).length
    const messages = contacts.flatMap((contact) => contact.messages)
    const creator = must(world.users.find((user) => user.id === record.creatorId))
    return {
      ...record, campaignRecord: record,
      organization: () => organization(record.organizationId), creator: () => asUser(creator),
      isStarted: record.status !== 'NOT_STARTED', isArchived: record.status === 'ARCHIVED',
      contactsCount: contacts.length,
      hasUnassignedContacts: contacts.some((contact) => contact.assignmentId === null),
      hasUnsentInitialMessages: having('needsMessage') > 0,
      contactsPreview: () => contacts.slice(0, 3).map(asContact),
      customFields: () => Object.keys(contacts[0]?.customFields ?? {}),
      interactionSteps: record.script === '' ? [] : [{ id: `s${record.id}`, question: null, script: record.script, answerOption: '', parentInteractionId: null }],
      cannedResponses: () => record.canned.filter((canned) => !canned.deleted),
      overrideOrganizationTextingHours: record.override, textingHoursEnforced: record.enforced, textingHoursStart: record.start, textingHoursEnd: record.end,
      joinUrl: record.startedAt === null ? null : `http://localhost:5173/join-campaign/${record.joinToken}`,
      contactImportJob: record.importJob && asJob(record.importJob), startJob: record.startJob && asJob(record.startJob),
      scriptPreview: ({ script }: { script: string }) =>
        contacts.slice(0, 3).map((contact) => {
          const rendered = renderScript(script, contact, creator)
          return { contact: asContact(contact), text: rendered.text, unknownFields: rendered.unknownFields, missingFields: rendered.missingFields, segments: countSegments(asSent(rendered.text)).segments }
        }),
      stats: () => ({
        textersCount: world.assignments.filter((assignment) => assignment.campaignId === record.id).length,
        contactsCount: contacts.length, messagedCount: texted.length, repliedCount: having('needsResponse') + having('convo'), skippedCount: having('closed'),
        optOutsCount: contacts.filter((contact) => contact.isOptedOut).length,
        sentMessagesCount: messages.filter((message) => !message.isFromContact).length, receivedMessagesCount: messages.filter((message) => message.isFromContact).length,
        needsMessageCount: having('needsMessage'), needsResponseCount: having('needsResponse'), errorCount: messages.filter((message) => message.sendStatus === 'ERROR').length,
      }),
      assignmentSummaries: ({ afterId, limit = 1000 }: { afterId?: string | null; limit?: number }) => {
        const all = world.assignments.filter((assignment) => assignment.campaignId === record.id).map((assignment) => {
          const texter = must(world.users.find((user) => user.id === assignment.userId))
          const counts = countsOf(world, assignment.id)
          return { assignmentId: assignment.id, texterId: texter.id, texterFirstName: texter.firstName, texterLastName: texter.lastName, contactsCount: counts.total, unmessagedCount: counts.needsMessage, needsResponseCount: counts.needsResponse, convoCount: counts.convo, skippedCount: counts.closed }
        })
        all.sort((a, b) => `${a.texterFirstName} ${a.texterLastName}`.localeCompare(`${b.texterFirstName} ${b.texterLastName}`))
        const first = all.findIndex(({ assignmentId }) => assignmentId === afterId) + 1
        return all.slice(first, first + limit)
      },
    }
  }

  const asAssignment = (record: Assignment) => ({
    id: record.id, maxContacts: record.maxContacts,
    campaign: () => asCampaign(must(world.campaigns.find((campaign) => campaign.id === record.campaignId))),
    texter: () => asUser(must(world.users.find((user) => user.id === record.userId))),
    contacts: ({ contactsFilter }: { contactsFilter?: ContactsFilter }) => contactsOf(world, record.id, contactsFilter).map(asContact),
    contactsCount: ({ contactsFilter }: { contactsFilter?: ContactsFilter }) => contactsOf(world, record.id, { ...contactsFilter, limit: 1e9 }).length,
    contactCounts: () => countsOf(world, record.id),
    campaignCannedResponses: () => must(world.campaigns.find((campaign) => campaign.id === record.campaignId)).canned.filter((canned) => !canned.deleted),
    hasUnassignedContactsForTexter: () => world.contacts.some((contact) => contact.campaignId === record.campaignId && contact.assignmentId === null),
    stamp: () => String(world.contacts.filter((contact) => contact.assignmentId === record.id).reduce((sum, contact) => sum + Date.parse(contact.updatedAt) + contact.messages.length, record.version)),
  })

  const asContact = (record: Contact): Record<string, unknown> => ({
    ...record, customFields: JSON.stringify(record.customFields),
    campaign: () => asCampaign(must(world.campaigns.find((campaign) => campaign.id === record.campaignId))),
    optOut: record.isOptedOut ? { id: `o${record.id}`, cell: record.cell, createdAt: record.updatedAt } : null,
  })

  return { asUser, asOrganization, asCampaign, asAssignment, asContact, asJob }
}

export interface ContactsFilter { contactId?: string; messageStatus?: string; isOptedOut?: boolean; validTimezone?: boolean; afterId?: string; limit?: number }

function contactsOf(world: World, assignmentId: string, filter: ContactsFilter = {}): Contact[] {
  const statuses = (filter.messageStatus ?? 'needsMessage,needsResponse').split(',')
  return world.contacts
    .filter((contact) => contact.assignmentId === assignmentId && statuses.includes(contact.messageStatus))
    .filter((contact) => filter.isOptedOut === undefined || contact.isOptedOut === filter.isOptedOut)
    .filter((contact) => filter.validTimezone === undefined || contact.isTextable === filter.validTimezone)
    .filter((contact) => filter.afterId === undefined || Number(contact.id) > Number(filter.afterId))
    .slice(0, filter.limit ?? 300)
}

function countsOf(world: World, assignmentId: string) {
  const contacts = world.contacts.filter((contact) => contact.assignmentId === assignmentId && !contact.isOptedOut)
  const having = (status: string) => contacts.filter((contact) => contact.messageStatus === status).length
  return { needsMessage: having('needsMessage'), messaged: having('messaged'), needsResponse: having('needsResponse'), convo: having('convo'), closed: having('closed'), total: contacts.length }
}

/** A job's state follows from how long it has run. */
function asJob(job: Job) {
  const progress = Math.min(job.onDone === null ? 1 : 0.99, (Date.now() - job.startedAt) / 1000 / job.seconds)
  const isOver = job.onDone === null
  const at = new Date(job.startedAt).toISOString()
  return { id: job.id, type: job.type, progress, status: isOver ? (job.fails === null ? 'DONE' : 'FAILED') : 'RUNNING', resultMessage: job.fails ?? job.resultMessage, resultUrl: isOver && job.fails === null ? job.resultUrl ?? null : null, createdAt: at, updatedAt: at }
}

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new MockError('NOT_FOUND', 'not found')
  return value
}

export class MockError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

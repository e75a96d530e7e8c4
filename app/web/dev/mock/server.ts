/** Answers what the real server answers, from memory. For development and for tests of screens. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { buildSchema, graphql } from 'graphql'
import { newCampaign, newContact, newWorld, type Campaign, type Job, type Organization, type User, type World } from './data.ts'
import { dress, must, MockError, rolesOf } from './types.ts'

const schema = buildSchema(readFileSync(path.resolve(import.meta.dirname, '../../../schema.graphql'), 'utf8'))

/** An operation that is to fail: with a code, or with `NETWORK` as if the connection were gone. */
export interface Fault { operation: string; code: string; times: number; after?: boolean }

interface GraphqlBody { query: string; operationName?: string; variables?: Record<string, unknown> }

export class MockServer {
  world: World = newWorld()
  faults: Fault[] = []
  /** Seconds that jobs take, and milliseconds until a simulated reply. */
  pace = { jobSeconds: 6, replyMs: 4000 }

  /** The answer as JSON, or null when the connection is to break. */
  async graphql(body: GraphqlBody, userId: string | null): Promise<object | null> {
    const fault = this.takeFault(body.operationName ?? '')
    if (fault && !fault.after) return fault.code === 'NETWORK' ? null : refusal(fault.code, 'refused by the mock')
    this.settleJobs()
    const user = this.world.users.find((candidate) => candidate.id === userId) ?? null
    if (!user && !body.query.includes('allowNull')) return refusal('UNAUTHORIZED', 'not signed in')
    const result = await graphql({ schema, source: body.query, rootValue: this.root(user), variableValues: body.variables, operationName: body.operationName })
    if (fault) return null
    if (!result.errors) return result
    return { ...result, errors: result.errors.map((error) => {
      const code = error.originalError instanceof MockError ? error.originalError.code : error.originalError ? 'INTERNAL_SERVER_ERROR' : 'UNKNOWN'
      return { message: error.message, path: error.path, code, extensions: { code } }
    }) }
  }

  /** Signs in or up: the session's user, or why not. */
  login(form: Record<string, string>): { userId: string } | { error: string; code: string } {
    const known = this.world.users.find((user) => user.email === form.email?.toLowerCase())
    if (form.authType === 'signup') {
      if (known) return { error: 'That email is taken.', code: 'EMAIL_TAKEN' }
      if (form.password !== form.passwordConfirm) return { error: 'The passwords are not the same.', code: 'BAD_USER_INPUT' }
      const user: User = { id: this.world.nextId(), firstName: form.firstName ?? '', lastName: form.lastName ?? '', email: form.email ?? '', password: form.password ?? '', cell: form.cell ?? '' }
      this.world.users.push(user)
      return { userId: user.id }
    }
    if (!known || known.password !== form.password) return { error: 'Invalid username or password', code: 'BAD_CREDENTIALS' }
    return { userId: known.id }
  }

  /** Jobs that have run long enough take effect. */
  private settleJobs(): void {
    const jobs = this.world.campaigns.flatMap((campaign) => [campaign.importJob, campaign.startJob])
    for (const job of [...jobs, ...this.world.jobs]) {
      if (job?.onDone && Date.now() - job.startedAt >= job.seconds * 1000) {
        job.onDone()
        job.onDone = null
      }
    }
  }

  private takeFault(operation: string): Fault | undefined {
    const fault = this.faults.find((candidate) => candidate.operation === operation && candidate.times > 0)
    if (fault) fault.times -= 1
    return fault
  }

  private job(type: string, onDone: () => void, fails: string | null = null): Job {
    return { id: this.world.nextId(), type, startedAt: Date.now(), seconds: this.pace.jobSeconds, fails, onDone, resultMessage: null }
  }

  private root(me: User | null) {
    const { world } = this
    const { asUser, asOrganization, asCampaign, asAssignment, asContact, asJob } = dress(world)
    const find = {
      campaign: (id: string) => must(world.campaigns.find((candidate) => candidate.id === id)),
      contact: (id: string) => must(world.contacts.find((candidate) => candidate.id === id)),
      assignment: (id: string) => must(world.assignments.find((candidate) => candidate.id === id)),
      organization: (id: string) => must(world.organizations.find((candidate) => candidate.id === id)),
    }
    const demand = (organization: Organization, role: string) => {
      const roles = me ? rolesOf(organization, me.id) : []
      if (roles.includes(role)) return
      throw new MockError(roles.length === 1 ? 'SUSPENDED' : 'FORBIDDEN', 'not allowed')
    }
    const demandFor = (campaignId: string, role: string) => {
      const campaign = find.campaign(campaignId)
      demand(find.organization(campaign.organizationId), role)
      return campaign
    }
    const touched = (contact: ReturnType<typeof find.contact>) => {
      contact.updatedAt = new Date().toISOString()
      return asContact(contact)
    }
    return {
      currentUser: () => me && asUser(me),
      currentUserWithAccess: ({ organizationId, role }: { organizationId: string; role: string }) => {
        demand(find.organization(organizationId), role)
        return me && asUser(me)
      },
      organization: ({ id }: { id: string }) => asOrganization(find.organization(id)),
      campaign: ({ id }: { id: string }) => asCampaign(demandFor(id, 'SUPERVOLUNTEER')),
      assignment: ({ id }: { id: string }) => {
        const assignment = find.assignment(id)
        demandFor(assignment.campaignId, 'TEXTER')
        return asAssignment(assignment)
      },
      contact: ({ id }: { id: string }) => asContact(find.contact(id)),
      assignmentStamp: ({ assignmentId }: { assignmentId: string }) => asAssignment(find.assignment(assignmentId)).stamp(),
      contactsForAssignment: ({ assignmentId, contactsFilter }: { assignmentId: string; contactsFilter: object }) =>
        asAssignment(find.assignment(assignmentId)).contacts({ contactsFilter }),

      createOrganization: ({ name }: { name: string }) => {
        const organization: Organization = { id: world.nextId(), name, roles: new Map([[me?.id ?? '', 'OWNER']]), optOutMessage: 'I’m opting you out of texts immediately. Have a great day.', start: 9, end: 21, enforced: true }
        world.organizations.push(organization)
        return asOrganization(organization)
      },
      createPresignedUploadUrl: () => {
        const s3Key = `contactUploads/${world.nextId()}`
        return JSON.stringify({ s3Key, presignedPutUrl: `/mock-upload/${s3Key}` })
      },
      createCampaign: ({ campaign, contactsS3Key, contactFileName }: { campaign: { organizationId: string; title?: string }; contactsS3Key: string; contactFileName: string }) => {
        const made = newCampaign(world, campaign.organizationId, me?.id ?? '')
        made.title = campaign.title ?? 'New Campaign'
        this.load(made, contactsS3Key, contactFileName)
        return asCampaign(made)
      },
      uploadContacts: ({ campaignId, s3Key, contactFileName }: { campaignId: string; s3Key: string; contactFileName: string }) => {
        this.load(demandFor(campaignId, 'ADMIN'), s3Key, contactFileName)
        return 1
      },
      editCampaign: ({ id, campaign }: { id: string; campaign: Record<string, unknown> }) => asCampaign(edit(world, demandFor(id, 'SUPERVOLUNTEER'), campaign)),
      startCampaign: ({ id }: { id: string }) => {
        const campaign = demandFor(id, 'ADMIN')
        campaign.startJob = this.job('start_campaign', () => {
          campaign.status = 'ACTIVE'
          campaign.startedAt = new Date().toISOString()
        })
        return asCampaign(campaign)
      },
      updateCampaignStatus: ({ id, status }: { id: string; status: string }) => asCampaign(Object.assign(demandFor(id, 'ADMIN'), { status })),
      unarchiveCampaign: ({ id }: { id: string }) => {
        const campaign = demandFor(id, 'ADMIN')
        return asCampaign(Object.assign(campaign, { status: campaign.startedAt === null ? 'NOT_STARTED' : 'ACTIVE' }))
      },
      archiveCampaign: ({ id }: { id: string }) => asCampaign(Object.assign(demandFor(id, 'ADMIN'), { status: 'ARCHIVED' })),

      assignUserToCampaign: ({ token }: { token: string }) => {
        const campaign = must(world.campaigns.find((candidate) => candidate.joinToken === token))
        if (campaign.status === 'ARCHIVED') throw new MockError('CAMPAIGN_ARCHIVED', 'archived')
        const organization = find.organization(campaign.organizationId)
        if (me && !organization.roles.has(me.id)) organization.roles.set(me.id, 'TEXTER')
        let assignment = world.assignments.find((candidate) => candidate.campaignId === campaign.id && candidate.userId === me?.id)
        if (!assignment) {
          assignment = { id: world.nextId(), campaignId: campaign.id, userId: me?.id ?? '', maxContacts: null, version: 1 }
          world.assignments.push(assignment)
        }
        return asAssignment(assignment)
      },
      findNewCampaignContact: ({ assignmentId }: { assignmentId: string }) => {
        const assignment = find.assignment(assignmentId)
        const free = world.contacts.filter((contact) => contact.campaignId === assignment.campaignId && contact.assignmentId === null).slice(0, 25)
        free.forEach((contact) => { contact.assignmentId = assignmentId })
        return { found: free.length > 0, count: free.length }
      },
      releaseUnmessagedContacts: ({ assignmentId }: { assignmentId: string }) => {
        const released = world.contacts.filter((contact) => contact.assignmentId === assignmentId && contact.messageStatus === 'needsMessage')
        released.forEach((contact) => { contact.assignmentId = null })
        return released.length
      },
      sendMessage: ({ message, campaignContactId }: { message: { text: string; assignmentId: string; isInitialMessage?: boolean; idempotencyKey?: string }; campaignContactId: string }) => {
        const contact = find.contact(campaignContactId)
        if (message.idempotencyKey !== undefined && world.keys.has(message.idempotencyKey)) return asContact(contact)
        const { status } = find.campaign(contact.campaignId)
        if (contact.assignmentId !== message.assignmentId) throw new MockError('NOT_FOUND', 'Your assignment has changed')
        if (!['ACTIVE', 'CLOSED_FOR_INITIAL_SENDS'].includes(status)) throw new MockError(`CAMPAIGN_${status}`, 'closed')
        if (contact.isOptedOut) throw new MockError('OPTED_OUT', 'opted out')
        if (!contact.isTextable) throw new MockError('TEXTING_HOURS', 'outside texting hours')
        if (message.isInitialMessage && status === 'CLOSED_FOR_INITIAL_SENDS') throw new MockError('CAMPAIGN_CLOSED_FOR_INITIAL_SENDS', 'closed')
        if (message.isInitialMessage && contact.messageStatus !== 'needsMessage') throw new MockError('DUPLICATE_MESSAGE', 'already sent')
        if (message.idempotencyKey !== undefined) world.keys.set(message.idempotencyKey, contact.id)
        const say = (text: string, isFromContact: boolean) => contact.messages.push({ id: world.nextId(), text, isFromContact, createdAt: new Date().toISOString(), sendStatus: 'SENT', errorCode: null, attachments: [] })
        say(message.text, false)
        contact.messageStatus = ['needsResponse', 'convo'].includes(contact.messageStatus) ? 'convo' : 'messaged'
        setTimeout(() => {
          if (contact.isOptedOut) return
          say(`${message.text} (autoreply)`, true)
          contact.messageStatus = 'needsResponse'
          contact.updatedAt = new Date().toISOString()
        }, this.pace.replyMs).unref()
        return touched(contact)
      },
      backgroundJob: ({ jobId }: { jobId: string }) => asJob(must(world.jobs.find((candidate) => candidate.id === jobId))),
      importOptOuts: ({ organizationId, s3Key }: { organizationId: string; s3Key: string }) => {
        demand(find.organization(organizationId), 'ADMIN')
        const numbers = (world.uploads.get(s3Key) ?? '').split('\n').filter((line) => /\d{10}/.test(line)).length
        const job = this.job('import_opt_outs', () => undefined)
        job.resultMessage = `${String(numbers)} numbers opted out, 0 had opted out before, 1 rows rejected.`
        job.resultUrl = '/mock-upload/rejected.csv'
        world.jobs.push(job)
        return asJob(job)
      },
      exportOptOuts: ({ organizationId }: { organizationId: string }) => {
        demand(find.organization(organizationId), 'ADMIN')
        const job = this.job('export_opt_outs', () => undefined)
        job.resultMessage = `${String(world.contacts.filter((contact) => contact.isOptedOut).length)} opt-outs.`
        job.resultUrl = '/mock-upload/opt-outs.csv'
        world.jobs.push(job)
        return asJob(job)
      },
      undoOptOut: ({ organizationId, cell }: { organizationId: string; cell: string }) => {
        demand(find.organization(organizationId), 'ADMIN')
        const found = world.contacts.filter((contact) => contact.cell === cell && contact.isOptedOut)
        if (found.length === 0) throw new MockError('BAD_USER_INPUT', 'This number has not opted out.')
        found.forEach((contact) => { contact.isOptedOut = false })
        return true
      },
      assignUnmatchedMessage: ({ messageId, campaignContactId }: { messageId: string; campaignContactId: string }) => {
        const contact = find.contact(campaignContactId)
        demandFor(contact.campaignId, 'ADMIN')
        const text = world.unmatched.find((candidate) => candidate.id === messageId)
        if (!text) throw new MockError('NOT_FOUND', 'There is no such unmatched text.')
        world.unmatched.splice(world.unmatched.indexOf(text), 1)
        contact.messages.push({ id: text.id, text: text.text, isFromContact: true, createdAt: text.receivedAt, sendStatus: 'DELIVERED', errorCode: null, attachments: text.attachments })
        contact.messageStatus = 'needsResponse'
        return touched(contact)
      },
      createOptOut: ({ campaignContactId }: { campaignContactId: string }) => touched(Object.assign(find.contact(campaignContactId), { isOptedOut: true })),
      editCampaignContactMessageStatus: ({ messageStatus, campaignContactId }: { messageStatus: string; campaignContactId: string }) =>
        touched(Object.assign(find.contact(campaignContactId), { messageStatus })),
      editSelf: ({ userData }: { userData: { firstName: string; lastName: string } }) => asUser(Object.assign(must(me ?? undefined), { firstName: userData.firstName, lastName: userData.lastName })),
      userAgreeTerms: () => asUser(must(me ?? undefined)),
      initiatePasswordReset: () => true,
      changeUserPassword: ({ formData }: { formData: { password: string; newPassword: string } }) => {
        if (me?.password !== formData.password) throw new MockError('BAD_USER_INPUT', 'Your old password is not right.')
        me.password = formData.newPassword
        return asUser(me)
      },
    }
  }

  /** The import job of an uploaded file: every tenth line is turned away. */
  private load(campaign: Campaign, s3Key: string, fileName: string): void {
    const { world } = this
    const rows = (world.uploads.get(s3Key) ?? '').split('\n').filter((line) => line.trim() !== '').length - 1
    campaign.contactFileName = fileName
    const fails = rows < 1 ? 'The file has no rows below its header.' : null
    campaign.importJob = this.job('upload_contacts', () => {
      if (fails !== null) return
      world.contacts = world.contacts.filter((contact) => contact.campaignId !== campaign.id)
      const rejected = Array.from({ length: Math.floor(rows / 10) }, (_, index) => ({ line: index * 10 + 6, cell: '555-01', reason: 'not a valid phone number' }))
      for (let index = 0; index < rows - rejected.length; index += 1) world.contacts.push(newContact(world, campaign.id, index))
      campaign.contactImport = { fileName, rowsCount: rows, loadedCount: rows - rejected.length, invalidCount: rejected.length, duplicateCount: 0, optedOutCount: 0, rejectedRows: rejected.slice(0, 100), rejectedRowsUrl: rejected.length > 0 ? '/mock-upload/rejected.csv' : null }
    }, fails)
  }
}

interface Edit { title?: string; description?: string; dueBy?: string | null; interactionSteps?: { script?: string }; cannedResponses?: { id?: string; title: string; text: string; deleted?: boolean }[]; overrideOrganizationTextingHours?: boolean; textingHoursEnforced?: boolean; textingHoursStart?: number; textingHoursEnd?: number; timezone?: string }

function edit(world: World, campaign: Campaign, changes: Edit): Campaign {
  const plain: (keyof Edit & keyof Campaign)[] = ['title', 'description', 'dueBy', 'timezone']
  for (const key of plain) if (changes[key] !== undefined) Object.assign(campaign, { [key]: changes[key] })
  if (changes.interactionSteps) campaign.script = changes.interactionSteps.script ?? ''
  if (changes.cannedResponses) {
    campaign.canned = changes.cannedResponses.map((canned, order) => ({ id: canned.id ?? world.nextId(), title: canned.title, text: canned.text, order, deleted: canned.deleted ?? false }))
  }
  campaign.override = changes.overrideOrganizationTextingHours ?? campaign.override
  campaign.enforced = changes.textingHoursEnforced ?? campaign.enforced
  campaign.start = changes.textingHoursStart ?? campaign.start
  campaign.end = changes.textingHoursEnd ?? campaign.end
  return campaign
}

function refusal(code: string, message: string) {
  return { data: null, errors: [{ message, code, extensions: { code, requestId: 'mock-7f3a' } }] }
}

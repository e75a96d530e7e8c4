/** A small instance in memory: people, campaigns and contacts that behave like the real ones. */

export interface User { id: string; firstName: string; lastName: string; email: string; password: string; cell: string }
export interface Organization { id: string; name: string; roles: Map<string, string>; optOutMessage: string; start: number; end: number; enforced: boolean }
export interface Message { id: string; text: string; isFromContact: boolean; createdAt: string; sendStatus: string; errorCode: number | null; attachments: { url: string; contentType: string }[] }
export interface Contact {
  id: string; campaignId: string; firstName: string; lastName: string; cell: string; stateCode: string; externalId: string; externalIdType: string | null
  customFields: Record<string, string>; messageStatus: string; isOptedOut: boolean; assignmentId: string | null
  timezone: string; isTextable: boolean; updatedAt: string; messages: Message[]
}
export interface Canned { id: string; title: string; text: string; order: number; deleted: boolean }
export interface Job { id: string; type: string; startedAt: number; seconds: number; fails: string | null; onDone: (() => void) | null; resultMessage: string | null; resultUrl?: string }
export interface Import { fileName: string; rowsCount: number; loadedCount: number; invalidCount: number; duplicateCount: number; optedOutCount: number; rejectedRows: { line: number; cell: string; reason: string }[]; rejectedRowsUrl: string | null }
export interface Campaign {
  id: string; organizationId: string; creatorId: string; title: string; description: string; dueBy: string | null; createdAt: string; startedAt: string | null
  status: string; script: string; canned: Canned[]; override: boolean; enforced: boolean; start: number; end: number; timezone: string
  joinToken: string; contactFileName: string | null; importJob: Job | null; startJob: Job | null; contactImport: Import | null
  primaryColor: string | null; introHtml: string | null; logoImageUrl: string | null
}
export interface Assignment { id: string; campaignId: string; userId: string; maxContacts: number | null; version: number }
export interface Unmatched { id: string; contactNumber: string; userNumber: string; messagingServiceSid: string; text: string; receivedAt: string; attachments: { url: string; contentType: string }[] }
export interface World {
  users: User[]; organizations: Organization[]; campaigns: Campaign[]; contacts: Contact[]; assignments: Assignment[]
  jobs: Job[]; unmatched: Unmatched[]; uploads: Map<string, string>; keys: Map<string, string>; nextId: () => string
}

const FIRST = ['Maria', 'James', 'Aisha', 'Wei', 'Sofia', 'Liam', 'Noor', 'Elena', 'Marcus', 'Priya', 'Tom', 'Grace', 'Diego', 'Hannah', 'Kofi', 'Yuki', 'Ruth', 'Omar', 'Ines', 'Caleb']
const LAST = ['Alvarez', 'Bennett', 'Chowdhury', 'Diaz', 'Edwards', 'Fontaine', 'Garcia', 'Huang', 'Ivanova', 'Jackson', 'Kim', 'Lopez', 'Murphy', 'Nguyen', 'Okafor', 'Patel']
const CITIES = ['Concord', 'Nashua', 'Keene', 'Dover', 'Portsmouth']
const REPLIES = ['Yes! Already made my plan to vote early.', 'Who is this?', 'Can I get a ride to the polls? My car is in the shop until Thursday.', 'Not interested, please don’t text again', 'Where do I vote?', 'Sí, voy con mi familia 🎉']
const SCRIPT = 'Hi {first_name}, it’s {texter_first_name} with Jordan Reyes for Senate! Early voting in {city} ends Saturday. Do you have a plan to vote?'

export function newWorld(): World {
  let last = 1000
  const nextId = () => String((last += 1))
  const world: World = {
    users: [
      person('1', 'Olivia', 'Owens', 'owner@spoke.test'),
      person('2', 'Adam', 'Admin', 'admin@spoke.test'),
      person('3', 'Tess', 'Taylor', 'texter@spoke.test'),
      person('4', 'Ravi', 'Rao', 'texter2@spoke.test'),
      person('5', 'Nora', 'New', 'new@spoke.test'),
      person('6', 'Sol', 'Stopped', 'suspended@spoke.test'),
    ],
    organizations: [
      {
        id: '1', name: 'Reyes for Senate', start: 9, end: 21, enforced: true,
        roles: new Map([['1', 'OWNER'], ['2', 'ADMIN'], ['3', 'TEXTER'], ['4', 'TEXTER'], ['6', 'SUSPENDED']]),
        optOutMessage: 'I’m opting you out of texts immediately. Have a great day.',
      },
    ],
    campaigns: [], contacts: [], assignments: [], jobs: [], unmatched: [], uploads: new Map(), keys: new Map(), nextId,
  }
  campaign(world, '1', 'Early vote: Hillsborough County', 'ACTIVE', 240)
  campaign(world, '2', 'Volunteer recruitment, week 44', 'CLOSED_FOR_INITIAL_SENDS', 80)
  campaign(world, '3', 'Town hall reminder', 'NOT_STARTED', 36)
  campaign(world, '4', 'Absentee ballot chase', 'ARCHIVED', 12)
  assign(world, '11', '1', '3', 30)
  assign(world, '12', '1', '4', 60)
  assign(world, '13', '2', '3', 18)
  converse(world, '11', 12)
  converse(world, '12', 50)
  converse(world, '13', 18)
  UNMATCHED.forEach(([contactNumber, text, pictures], index) => {
    world.unmatched.push({
      id: String(90 - index), contactNumber, userNumber: '+16035550100', messagingServiceSid: 'MG4f1d0c7a9b2e4c6f8a0d1b3c5e7f9a1b', text,
      receivedAt: new Date(Date.now() - (index * 50 + 4) * 60_000).toISOString(),
      attachments: Array.from({ length: pictures }, (_, picture) => ({ url: `https://media.example.org/${String(picture)}.jpg`, contentType: 'image/jpeg' })),
    })
  })
  return world
}

function person(id: string, firstName: string, lastName: string, email: string): User {
  return { id, firstName, lastName, email, password: 'spoke', cell: '+16175550199' }
}

function campaign(world: World, id: string, title: string, status: string, size: number): void {
  const now = Date.now()
  const isStarted = status !== 'NOT_STARTED'
  const made = newCampaign(world, '1', '2', id)
  Object.assign(made, {
    title, status, script: isStarted ? SCRIPT : '',
    description: isStarted ? 'First texts and answers in the last two weeks.' : '',
    dueBy: isStarted ? new Date(now + 9 * 86_400_000).toISOString().slice(0, 10) : null,
    createdAt: new Date(now - 5 * 86_400_000).toISOString(),
    startedAt: isStarted ? new Date(now - 4 * 86_400_000).toISOString() : null,
    contactFileName: 'hillsborough-walk-list.csv',
    canned: isStarted ? CANNED.map(([cannedTitle, text], order) => ({ id: `${id}${String(order)}`, title: cannedTitle, text, order, deleted: false })) : [],
    contactImport: { fileName: 'hillsborough-walk-list.csv', rowsCount: size + 6, loadedCount: size, invalidCount: 3, duplicateCount: 2, optedOutCount: 1, rejectedRows: REJECTED, rejectedRowsUrl: '/mock-upload/rejected.csv' },
  })
  for (let index = 0; index < size; index += 1) world.contacts.push(newContact(world, id, index))
}

const CANNED: [string, string][] = [
  ['Where to vote', 'You can find your polling place at sos.nh.gov. If you share your address I can look it up for you, {first_name}.'],
  ['Ride to the polls', 'We can help with that! Our drivers in {city} are free Thursday and Friday from 9 to 5. Which day is better?'],
  ['Who is this?', 'I’m {texter_first_name}, a volunteer with Jordan Reyes for Senate. I’m texting neighbors about early voting.'],
  ['Supporter: thanks', 'Thank you so much, {first_name}! Would you like to volunteer with us this weekend?'],
  ['Wrong number', 'Sorry about that! I’ll take this number off our list.'],
]
const UNMATCHED: [string, string, number][] = [
  ['+16035551004', 'Hi! I lost your last text. When does early voting end?', 0],
  ['+16035551007', 'Here is my ballot envelope, did I sign it right?', 2],
  ['+16175550188', 'This is Ana, I have a new phone. You texted me at my old number last week about giving people a ride to the polls, and I would love to help.', 0],
  ['+16175550190', '', 1],
]
const REJECTED = [
  { line: 14, cell: '555-01', reason: 'not a valid phone number' },
  { line: 22, cell: '(617) 555-0101', reason: 'the same number as line 8' },
  { line: 57, cell: '', reason: 'no phone number' },
  { line: 91, cell: '+1 617 555 0190', reason: 'opted out' },
  { line: 120, cell: '617 555 0102', reason: 'the same number as line 9' },
  { line: 203, cell: '44 20 7946 0000', reason: 'not a valid phone number' },
]

export function newCampaign(world: World, organizationId: string, creatorId: string, id = world.nextId()): Campaign {
  const made: Campaign = {
    id, organizationId, creatorId, title: 'New Campaign', description: '', dueBy: null, createdAt: new Date().toISOString(), startedAt: null,
    status: 'NOT_STARTED', script: '', canned: [], override: false, enforced: true, start: 9, end: 21, timezone: 'America/New_York',
    joinToken: `token${id}`, contactFileName: null, importJob: null, startJob: null, contactImport: null, primaryColor: null, introHtml: null, logoImageUrl: null,
  }
  world.campaigns.push(made)
  return made
}

export function newContact(world: World, campaignId: string, index: number): Contact {
  const pick = <T>(from: readonly T[], step: number): T => from[(index * step) % from.length] as T
  return {
    id: world.nextId(), campaignId, firstName: pick(FIRST, 7), lastName: pick(LAST, 3), cell: `+1603555${String(1000 + index).padStart(4, '0')}`,
    stateCode: 'NH', externalId: `VAN-${String(41000 + index)}`, externalIdType: 'van', customFields: { city: pick(CITIES, 1), precinct: String(index % 12) },
    messageStatus: 'needsMessage', isOptedOut: false, assignmentId: null, timezone: 'America/New_York', isTextable: true,
    updatedAt: new Date(Date.now() - index * 60_000).toISOString(), messages: [],
  }
}

function assign(world: World, id: string, campaignId: string, userId: string, size: number): void {
  world.assignments.push({ id, campaignId, userId, maxContacts: null, version: 1 })
  world.contacts.filter((contact) => contact.campaignId === campaignId && contact.assignmentId === null).slice(0, size).forEach((contact) => { contact.assignmentId = id })
}

function converse(world: World, assignmentId: string, size: number): void {
  const contacts = world.contacts.filter((contact) => contact.assignmentId === assignmentId).slice(0, size)
  contacts.forEach((contact, index) => {
    const at = (minutes: number) => new Date(Date.now() - (180 - index * 3 - minutes) * 60_000).toISOString()
    const say = (text: string, isFromContact: boolean, minutes: number) => {
      contact.messages.push({ id: world.nextId(), text, isFromContact, createdAt: at(minutes), sendStatus: 'DELIVERED', errorCode: null, attachments: [] })
      contact.updatedAt = at(minutes)
    }
    say(SCRIPT.replace('{first_name}', contact.firstName).replace('{texter_first_name}', 'Tess').replace('{city}', contact.customFields.city ?? ''), false, 0)
    contact.messageStatus = 'messaged'
    if (index % 4 === 3) return
    say(REPLIES[index % REPLIES.length] ?? '', true, 20)
    contact.messageStatus = 'needsResponse'
    if (index % 3 === 1) {
      say(`I’m Tess, a volunteer with Jordan Reyes for Senate, ${contact.firstName}.`, false, 25)
      contact.messageStatus = 'convo'
    }
    if (index % 7 === 6) contact.messageStatus = 'closed'
  })
}

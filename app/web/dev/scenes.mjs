/** What `look.mjs` looks at: who is signed in, where they go, what they do there. */
const ADMIN = '2'
const TEXTER = '3'
const CSV = 'first_name,last_name,phone_number,city,precinct\n' + Array.from({ length: 400 }, (_, index) => `Ana,Ortiz,+1603555${2000 + index},Concord,${index}`).join('\n')

const csvFile = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
const conversations = '/app/1/todos/11/conversations'
const openThread = async (page) => {
  await page.locator('nav a').first().click()
  await page.getByRole('textbox', { name: /Reply to/ }).waitFor()
  await page.waitForLoadState('networkidle')
}
const openSection = (name) => async (page) => {
  await page.getByRole('button', { name: new RegExp(`^(Done|To do)? ?${name}`) }).click()
}
/** As the server would say it in the page. Vite's own socket is refused to such a page, hence `isFailing` beside it. */
const signInBy = (provider) => (page) => page.route((url) => /^\/(login|app\/1\/account\/3)$/.test(url.pathname), async (route) => {
  const response = await route.fetch()
  await route.fulfill({ response, body: (await response.text()).replace('"maxMessageLength"', `"signIn":"${provider}","maxMessageLength"`) })
})
const fail = (operation, code, times = 99) => ({ faults: [{ operation, code, times }] })

export const scenes = [
  { name: 'login', path: '/login' },
  { name: 'login-error', path: '/login', isFailing: true, act: async (page) => {
    await page.getByLabel('Email').fill('me@spoke.test')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
  } },
  { name: 'login-slack', isFailing: true, path: '/login', before: signInBy('slack') },
  { name: 'login-slack-team', isFailing: true, path: '/login?problem=team&nextUrl=/app', before: signInBy('slack') },
  { name: 'login-auth0-unverified', isFailing: true, path: '/login?problem=unverified', before: signInBy('auth0') },
  { name: 'terms', user: TEXTER, path: '/terms?next=/app/1/todos', isLong: true },
  { name: 'account-auth0', isFailing: true, user: TEXTER, path: '/app/1/account/3', isLong: true, before: signInBy('auth0'), act: async (page) => {
    await page.getByRole('button', { name: 'Email me a link' }).click()
    await page.getByText('A link is on its way').waitFor()
  } },
  { name: 'signup', path: '/login?nextUrl=/join-campaign/token1', isLong: true, act: async (page) => {
    await page.getByLabel('Password', { exact: true }).fill('short')
    await page.getByRole('button', { name: 'Create account' }).click()
  } },
  { name: 'waiting', user: '5', path: '/' },
  { name: 'create-organization', user: '5', path: '/createOrganization' },
  { name: 'not-found', user: TEXTER, path: '/nowhere' },
  { name: 'suspended', user: '6', path: '/app/1/todos', isFailing: true },
  { name: 'join-failed', user: TEXTER, path: '/join-campaign/nonsense', isFailing: true },
  { name: 'account', user: TEXTER, path: '/app/1/account/3', isLong: true },

  { name: 'todos', user: TEXTER, path: '/app/1/todos' },
  { name: 'todos-none', user: '1', path: '/app/1/todos' },
  { name: 'todos-loading', user: TEXTER, path: '/app/1/todos', isLoading: true, before: (page) => page.route('**/graphql', () => {}) },
  { name: 'todos-error', user: TEXTER, path: '/app/1/todos', isFailing: true, mock: fail('Todos', 'NETWORK') },
  { name: 'todos-hours', user: TEXTER, path: '/app/1/todos', mock: { contacts: { assignmentId: '11', change: { isTextable: false } } } },
  { name: 'overview', user: TEXTER, path: '/join-campaign/token1' },
  { name: 'menu', user: ADMIN, path: '/app/1/todos', act: async (page) => {
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('menu').waitFor()
  } },

  { name: 'send', user: TEXTER, path: '/app/1/todos/11/text' },
  { name: 'send-next', user: TEXTER, path: '/app/1/todos/11/text', act: async (page) => {
    for (let sent = 0; sent < 3; sent += 1) {
      await page.keyboard.press('Enter')
      await page.waitForLoadState('networkidle')
    }
    await page.getByText('Sent to').waitFor()
  } },
  { name: 'send-offline', user: TEXTER, path: '/app/1/todos/11/text', isFailing: true, mock: fail('SendFirstMessage', 'NETWORK'), act: async (page) => {
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('Not sent to').waitFor()
  } },
  { name: 'send-skipped', user: TEXTER, path: '/app/1/todos/11/text', mock: fail('SendFirstMessage', 'OPTED_OUT', 1), act: async (page) => {
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('was skipped').first().waitFor()
  } },
  { name: 'send-closed', user: TEXTER, path: '/app/1/todos/11/text', mock: fail('SendFirstMessage', 'CAMPAIGN_CLOSED_FOR_INITIAL_SENDS'), act: async (page) => {
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('alert').waitFor()
  } },
  { name: 'send-hours', user: TEXTER, path: '/app/1/todos/11/text', mock: { contacts: { assignmentId: '11', change: { isTextable: false } } } },
  { name: 'send-done', user: TEXTER, path: '/app/1/todos/11/text', mock: { contacts: { assignmentId: '11', change: { messageStatus: 'messaged' } } } },
  { name: 'send-release', user: TEXTER, path: '/app/1/todos/11/text', act: async (page) => {
    await page.getByRole('button', { name: 'Give contacts back' }).click()
    await page.getByRole('dialog').waitFor()
  } },

  { name: 'conversations', user: TEXTER, path: conversations },
  { name: 'conversations-none', user: TEXTER, path: conversations, mock: { contacts: { assignmentId: '11', change: { messageStatus: 'messaged' } } } },
  { name: 'conversations-error', user: TEXTER, path: conversations, isFailing: true, mock: fail('Conversations', 'INTERNAL_SERVER_ERROR') },
  { name: 'thread', user: TEXTER, path: conversations, act: openThread },
  { name: 'thread-failed', user: TEXTER, path: conversations, isFailing: true, mock: fail('SendReply', 'NETWORK'), act: async (page) => {
    await openThread(page)
    await page.getByRole('textbox', { name: /Reply to/ }).fill('Our drivers are free Thursday and Friday, 9 to 5. Which day is better for you? I can also send you the address of your polling place.')
    await page.keyboard.press('Enter')
    await page.getByText('Not sent').waitFor()
  } },
  { name: 'thread-hours', user: TEXTER, path: conversations, mock: { contacts: { assignmentId: '11', change: { isTextable: false } } }, act: openThread },
  { name: 'thread-replied', user: TEXTER, path: conversations, act: async (page) => {
    await openThread(page)
    await page.getByRole('textbox', { name: /Reply to/ }).fill('That is great, thank you!')
    await page.keyboard.press('Enter')
    await page.getByText('(autoreply)').waitFor({ timeout: 15_000 })
  } },
  { name: 'opt-out', user: TEXTER, path: conversations, act: async (page) => {
    await openThread(page)
    await page.getByRole('button', { name: 'Opt out' }).click()
    await page.getByRole('dialog').waitFor()
  } },
  { name: 'responses', user: TEXTER, path: conversations, act: async (page, size) => {
    await openThread(page)
    if (size === 'phone') await page.getByRole('button', { name: 'Responses' }).click()
    else await page.getByRole('button', { name: /Ride to the polls/ }).click()
  } },

  { name: 'campaigns', user: ADMIN, path: '/admin/1/campaigns?status=ANY' },
  { name: 'campaigns-none', user: ADMIN, path: '/admin/1/campaigns?search=zebra' },
  { name: 'campaigns-error', user: ADMIN, path: '/admin/1/campaigns', isFailing: true, mock: fail('CampaignList', 'INTERNAL_SERVER_ERROR') },
  { name: 'forbidden', user: TEXTER, path: '/admin/1/campaigns', isFailing: true },
  { name: 'opt-outs', user: ADMIN, path: '/admin/1/opt-outs', isLong: true },
  { name: 'unmatched', user: ADMIN, path: '/admin/1/unmatched', isLong: true },
  { name: 'unmatched-none', user: ADMIN, path: '/admin/1/unmatched?before=1' },
  { name: 'unmatched-error', user: ADMIN, path: '/admin/1/unmatched', isFailing: true, mock: fail('UnmatchedTexts', 'INTERNAL_SERVER_ERROR') },
  { name: 'unmatched-assign', user: ADMIN, path: '/admin/1/unmatched', act: async (page) => {
    await page.getByRole('button', { name: 'Find its conversation' }).first().click()
    await page.getByRole('radio').first().check()
  } },
  { name: 'unmatched-nobody', user: ADMIN, path: '/admin/1/unmatched', act: async (page) => {
    await page.getByRole('button', { name: 'Find its conversation' }).nth(2).click()
    await page.getByText('They were texted at another number').click()
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText(/No contact of your campaigns/).waitFor()
  } },
  { name: 'unmatched-failed', user: ADMIN, path: '/admin/1/unmatched', isFailing: true, mock: fail('AssignUnmatchedMessage', 'NOT_FOUND'), act: async (page) => {
    await page.getByRole('button', { name: 'Find its conversation' }).first().click()
    await page.getByRole('radio').first().check()
    await page.getByRole('button', { name: 'Put it into this conversation' }).click()
    await page.getByRole('alert').waitFor()
  } },
  { name: 'new-campaign', user: ADMIN, path: '/admin/1/campaigns/new' },
  { name: 'new-campaign-file', user: ADMIN, path: '/admin/1/campaigns/new', isLong: true, act: async (page) => {
    await page.locator('input[type=file]').setInputFiles(csvFile('walk-list.csv', CSV))
    await page.getByText('walk-list.csv').waitFor()
  } },
  { name: 'new-campaign-wrong', user: ADMIN, path: '/admin/1/campaigns/new', isLong: true, act: async (page) => {
    await page.locator('input[type=file]').setInputFiles(csvFile('people.csv', 'name,phone\nAna,1\n'))
    await page.getByRole('alert').waitFor()
  } },
  { name: 'new-campaign-columns', user: ADMIN, path: '/admin/1/campaigns/new', isLong: true, act: async (page) => {
    const rows = 'Ana Maria,617-555-0123,85001,teal,called in 2024 and wants to hear from us again\nBen,617-555-0124,85002,red,\n'
    await page.locator('input[type=file]').setInputFiles(csvFile('people.csv', `given name,Mobile,zip,color,notes\n${rows}`))
    await page.getByLabel('What Mobile is').selectOption('Phone number')
    await page.getByLabel('What notes is').selectOption('Left out')
  } },
  { name: 'edit-importing', user: ADMIN, path: '/admin/1/campaigns/new', isLong: true, act: async (page) => {
    await page.getByLabel(/Title/).fill('Get out the vote, phase 2')
    await page.locator('input[type=file]').setInputFiles(csvFile('walk-list.csv', CSV))
    await page.getByRole('button', { name: 'Upload and continue' }).click()
    await page.getByRole('progressbar', { name: /Reading/ }).waitFor()
    await page.waitForTimeout(3000)
  } },
  { name: 'edit-imported', user: ADMIN, path: '/admin/1/campaigns/new', isLong: true, act: async (page) => {
    await page.locator('input[type=file]').setInputFiles(csvFile('walk-list.csv', CSV))
    await page.getByRole('button', { name: 'Upload and continue' }).click()
    await page.getByText(/loaded from/).waitFor({ timeout: 20_000 })
  } },
  { name: 'edit', user: ADMIN, path: '/admin/1/campaigns/3/edit' },
  { name: 'edit-basics', user: ADMIN, path: '/admin/1/campaigns/3/edit', isLong: true, act: openSection('Basics') },
  { name: 'edit-contacts', user: ADMIN, path: '/admin/1/campaigns/3/edit', isLong: true, act: async (page) => {
    await openSection('Contacts')(page)
    await page.getByText('rows not loaded').first().click()
  } },
  { name: 'edit-script', user: ADMIN, path: '/admin/1/campaigns/1/edit', isLong: true, act: openSection('First text') },
  { name: 'edit-script-wrong', user: ADMIN, path: '/admin/1/campaigns/3/edit', isLong: true, act: async (page) => {
    await openSection('First text')(page)
    await page.getByRole('textbox', { name: 'First text to each contact' }).fill('Hi {first_name}, the town hall in {town} starts at 7. ')
    await page.getByRole('button', { name: 'city', exact: true }).click()
    await page.waitForTimeout(700)
  } },
  { name: 'edit-responses', user: ADMIN, path: '/admin/1/campaigns/1/edit', isLong: true, act: openSection('Responses') },
  { name: 'edit-hours', user: ADMIN, path: '/admin/1/campaigns/3/edit', isLong: true, act: async (page) => {
    await openSection('Texting hours')(page)
    await page.getByRole('switch').first().click()
  } },
  { name: 'stats', user: ADMIN, path: '/admin/1/campaigns/1', isLong: true },
  { name: 'stats-menu', user: ADMIN, path: '/admin/1/campaigns/1', act: async (page) => {
    await page.getByRole('button', { name: 'Change status' }).click()
    await page.getByRole('menu').waitFor()
  } },
  { name: 'stats-archived', user: ADMIN, path: '/admin/1/campaigns/4' },
  { name: 'unarchive', user: ADMIN, path: '/admin/1/campaigns/4', act: async (page) => {
    await page.getByRole('button', { name: 'Open again' }).click()
    await page.getByRole('dialog').waitFor()
  } },
  { name: 'archive', user: ADMIN, path: '/admin/1/campaigns/1', act: async (page) => {
    await page.getByRole('button', { name: 'Change status' }).click()
    await page.getByRole('menuitem', { name: 'Archive' }).click()
    await page.getByRole('dialog').waitFor()
  } },
]

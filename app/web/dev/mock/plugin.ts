/** The mock server inside Vite's: sign-in, GraphQL, uploads, and every path that is a page. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'

export function mockServer(): Plugin {
  return {
    name: 'spoke-mock-server',
    apply: 'serve',
    async configureServer(vite) {
      if (process.env.VITEST !== undefined) return
      const { MockServer } = await import('./server.ts')
      const mock = new MockServer()
      vite.middlewares.use((request, response, next) => {
        answer(mock, request, response).then((isAnswered) => {
          if (!isAnswered) next()
        }, next)
      })
    },
  }
}

type Mock = import('./server.ts').MockServer

async function answer(mock: Mock, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const userId = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? null
  const json = (status: number, body: unknown, headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    return true
  }

  if (url.pathname === '/graphql') {
    const result = await mock.graphql(JSON.parse(await body(request)) as Parameters<Mock['graphql']>[0], userId)
    if (result !== null) return json(200, result)
    response.destroy()
    return true
  }
  if (url.pathname === '/login-callback') {
    const form = JSON.parse(await body(request)) as Record<string, string>
    const result = mock.login(form)
    if ('error' in result) return json(401, result)
    const next = form.nextUrl ?? ''
    return json(200, { redirect: next === '' ? '/' : next }, { 'set-cookie': `session=${result.userId}; Path=/; HttpOnly` })
  }
  if (url.pathname === '/logout-callback') {
    response.writeHead(302, { location: '/login', 'set-cookie': 'session=; Path=/; Max-Age=0' }).end()
    return true
  }
  if (url.pathname.startsWith('/mock-upload/')) {
    const key = url.pathname.slice('/mock-upload/'.length)
    if (request.method === 'PUT') mock.world.uploads.set(key, await body(request))
    response.writeHead(200, { 'content-type': 'text/csv' }).end('line,cell,reason\n')
    return true
  }
  // For the screenshots: `{faults}` to make operations fail, `{reset: true}` to start over, `{contacts}` to change some.
  if (url.pathname === '/mock') {
    const order = JSON.parse(await body(request)) as { reset?: boolean; faults?: Mock['faults']; contacts?: { assignmentId: string; change: object } }
    if (order.reset) mock.world = new (await import('./server.ts')).MockServer().world
    mock.faults = order.faults ?? []
    if (order.contacts) {
      const { assignmentId, change } = order.contacts
      mock.world.contacts.filter((contact) => contact.assignmentId === assignmentId).forEach((contact) => Object.assign(contact, change))
    }
    return json(200, {})
  }
  return false
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

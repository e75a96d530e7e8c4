/** Screens in tests: the real routes over the mock instance, with only the network replaced. */
import { cleanup, configure, render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, vi } from 'vitest'
import { routes } from '../src/routes'
import { MockServer } from './mock/server'

// The first screen of a file is compiled on demand.
configure({ asyncUtilTimeout: 10_000 })

// jsdom's files can be read in the old way only.
Object.defineProperty(Blob.prototype, 'arrayBuffer', {
  value(this: Blob) {
    return new Promise((resolve) => {
      const reader = new FileReader()
      reader.onload = () => { resolve(reader.result) }
      reader.readAsArrayBuffer(this)
    })
  },
})

// jsdom lays nothing out, so it has nothing to scroll.
Element.prototype.scrollIntoView = vi.fn()

afterEach(() => {
  cleanup()
  sessionStorage.clear()
  vi.unstubAllGlobals()
})

/** Accounts of the mock instance. */
export const ADMIN = '2'
export const TEXTER = '3'
export const NOBODY = null

export interface Sent {
  operation: string
  variables: Record<string, unknown>
}

/** Opens a path as a person, and tells what it asked of the server. */
export function open(path: string, userId: string | null, server = new MockServer()) {
  const asked: Sent[] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as { query: string; operationName: string; variables: Record<string, unknown> }
    if (url === '/login-callback') {
      const answer = server.login(body as unknown as Record<string, string>)
      return Response.json('error' in answer ? answer : { redirect: '/' }, { status: 'error' in answer ? 401 : 200 })
    }
    asked.push({ operation: body.operationName, variables: body.variables })
    const answer = await server.graphql(body, userId)
    if (answer === null) throw new TypeError('Failed to fetch')
    return Response.json(answer)
  })
  vi.stubGlobal('matchMedia', (query: string) => ({ matches: query.includes('width >='), addEventListener: () => undefined, removeEventListener: () => undefined }))
  vi.stubGlobal('scrollTo', () => undefined)
  const router = createMemoryRouter(routes, { initialEntries: [path] })
  render(<RouterProvider router={router} />)
  const sent = (operation: string) => asked.filter((one) => one.operation === operation).map((one) => one.variables)
  return { router, server, sent, user: userEvent.setup() }
}

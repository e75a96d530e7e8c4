/** The one way to the server: typed operations over fetch, every failure an `ApiError`. */
import type { Operation } from './operation'

/** Codes this side gives itself, beside those the server sends. */
export type LocalCode = 'NETWORK' | 'BAD_ANSWER' | 'CANCELLED'

export class ApiError extends Error {
  /** The server's code (`OPTED_OUT`, ...) or one of `LocalCode`. */
  readonly code: string
  /** The server's own words, in English. */
  readonly detail: string
  /** To quote when asking for help. */
  readonly requestId: string | null

  constructor(code: string, detail: string, requestId: string | null = null) {
    super(`${code}: ${detail}`)
    this.name = 'ApiError'
    this.code = code
    this.detail = detail
    this.requestId = requestId
  }
}

/** A failure after which nobody knows whether the server acted: safe to repeat only with the same key. */
export function isUncertain(error: ApiError): boolean {
  return error.code === 'NETWORK' || error.code === 'BAD_ANSWER'
}

interface Answer<Result> {
  data?: Result | null
  errors?: { message: string; code?: string; extensions?: { code?: string; requestId?: string } }[]
}

/** Longer than the server may take to answer, so that a hanging connection does not hang the screen. */
const PATIENCE_MS = 30_000

export async function request<Result, Variables>(
  operation: Operation<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await send('/graphql', {
    query: operation.text,
    operationName: operation.name,
    variables,
  }, signal)
  const requestId = response.headers.get('x-request-id')
  const answer = await parse<Answer<Result>>(response, requestId)
  const [error] = answer.errors ?? []
  if (error) {
    const code = error.code ?? error.extensions?.code ?? 'UNKNOWN'
    if (code === 'UNAUTHORIZED') leaveForLogin()
    throw new ApiError(code, error.message, error.extensions?.requestId ?? requestId)
  }
  if (!answer.data) throw new ApiError('BAD_ANSWER', `status ${String(response.status)}`, requestId)
  return answer.data
}

/** POST of JSON outside GraphQL: signing in. */
export async function post<Result>(path: string, body: unknown): Promise<Result> {
  const response = await send(path, body)
  const requestId = response.headers.get('x-request-id')
  const answer = await parse<Result & { error?: string; code?: string }>(response, requestId)
  if (!response.ok) {
    throw new ApiError(codeOfStatus(response.status) ?? answer.code ?? 'UNKNOWN', answer.error ?? '', requestId)
  }
  return answer
}

/** Where nobody is signed in yet, 401 means that email and password do not fit. */
function codeOfStatus(status: number): string | null {
  if (status === 401) return 'BAD_CREDENTIALS'
  return status === 429 ? 'TOO_MANY_REQUESTS' : null
}

async function send(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(PATIENCE_MS)
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      credentials: 'same-origin',
      body: JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
  } catch (cause) {
    if (signal?.aborted) throw new ApiError('CANCELLED', 'no longer needed')
    throw new ApiError('NETWORK', String(cause))
  }
}

/** A body that is no JSON comes from something between us and the application: treated as such. */
async function parse<T>(response: Response, requestId: string | null): Promise<T> {
  try {
    return (await response.json()) as T
  } catch {
    if (response.status === 429) throw new ApiError('TOO_MANY_REQUESTS', '', requestId)
    throw new ApiError('BAD_ANSWER', `status ${String(response.status)}`, requestId)
  }
}

/** Signed out: to the login page, and back here afterwards. */
function leaveForLogin(): void {
  const { pathname, search } = window.location
  if (pathname === '/login') return
  window.location.assign(`/login?nextUrl=${encodeURIComponent(pathname + search)}`)
}

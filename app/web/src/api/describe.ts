import { errors, otherErrors } from '../text/errors'
import { ApiError } from './client'

/** A sentence for people. What the server says about a field it refused is worth more than ours. */
export function describe(error: unknown): string {
  if (!(error instanceof ApiError)) return otherErrors.unknown
  if (error.code === 'BAD_USER_INPUT' && error.detail !== '') return error.detail
  const sentence = errors[error.code]
  if (sentence !== undefined) return sentence
  return error.requestId === null ? otherErrors.unknown : otherErrors.withRequest(error.requestId)
}

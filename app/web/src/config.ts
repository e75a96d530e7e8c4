/** What the server tells every page, in `<script id="spoke-config">`. */
export interface Config {
  stage: string
  release: string
  /** Longest text, in UTF-16 units. */
  maxMessageLength: number
  /** How people sign in. */
  signIn: 'password' | 'slack' | 'auth0'
  /** Whether sign-up without an invitation is hidden. */
  suppressSelfInvite: boolean
}

const DEFAULTS: Config = { stage: '', release: '', maxMessageLength: 1500, signIn: 'password', suppressSelfInvite: false }

function read(): Config {
  const text = document.getElementById('spoke-config')?.textContent
  if (!text) return DEFAULTS
  return { ...DEFAULTS, ...(JSON.parse(text) as Partial<Config>) }
}

export const config: Config = read()

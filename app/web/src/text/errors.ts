/** One sentence for each error code. A code without a sentence shows the request's number instead. */
export const errors: Readonly<Record<string, string>> = {
  NETWORK: 'No connection right now. Check your signal and try again.',
  BAD_ANSWER: 'The server did not answer properly. Try again in a moment.',
  UNAUTHORIZED: 'You have been signed out. Sign in again to go on.',
  FORBIDDEN: 'Your role does not allow this. Ask an admin of your organization.',
  SUSPENDED: 'Your account is suspended in this organization.',
  NOT_FOUND: 'This no longer exists, or it was given to somebody else.',
  CAMPAIGN_ARCHIVED: 'This campaign is archived.',
  CAMPAIGN_FULL: 'This campaign has enough texters: every contact is already taken.',
  CAMPAIGN_CLOSED: 'This campaign is closed.',
  CAMPAIGN_NOT_STARTED: 'This campaign has not started yet.',
  CAMPAIGN_CLOSED_FOR_INITIAL_SENDS: 'This campaign takes no more first messages. You can still answer replies.',
  OPTED_OUT: 'This contact has opted out and cannot be texted.',
  TEXTING_HOURS: 'It is outside texting hours where this contact lives.',
  DUPLICATE_MESSAGE: 'This contact has already got their first message.',
  DUPLICATE_REPLY_MESSAGE: 'You have just sent exactly this. Nothing was sent twice.',
  DUPLICATE_CAMPAIGN_START: 'This campaign is already being started.',
  EMAIL_TAKEN: 'There is already an account with this email address. Sign in instead.',
  BAD_CREDENTIALS: 'Email or password is not right.',
  TOO_MANY_REQUESTS: 'Too many attempts. Wait a minute, then try again.',
  NO_PASSWORDS: 'There are no passwords here. Reload this page to see how to sign in.',
  NO_PASSWORD_RESET: 'Your password is kept by the service you sign in with. Change it there.',
  PASSWORD_RESET_FAILED: 'The email could not be sent. Try again in a minute.',
  BUSY: 'The system is busy. Try again in a moment.',
  CARRIER_NOT_CONFIGURED: 'Texts cannot go out: no carrier is set up. Tell an admin.',
  UPLOAD_FAILED: 'The file did not arrive. Check your connection and upload it again.',
}

export const otherErrors = {
  unknown: 'Something went wrong on our side. Try again.',
  withRequest: (id: string) => `Something went wrong on our side. If it keeps happening, quote ${id}.`,
}

import { localPath } from './Login'

/** Into the application with the new session: a fresh page, so that nothing of before stays in memory. */
export function enter({ redirect }: { redirect: string }): void {
  window.location.assign(localPath(redirect))
}

import { Outlet, ScrollRestoration } from 'react-router'
import { ConnectionNotice } from './ui/ConnectionNotice'

/** What every page has: the region for announcements, and word of a lost connection. */
export function App() {
  return (
    <>
      <Outlet />
      <ConnectionNotice />
      <div id="announcements" className="visually-hidden" aria-live="polite" />
      <ScrollRestoration />
    </>
  )
}

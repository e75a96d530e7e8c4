import type { ReactNode } from 'react'
import { common } from '../../text/common'
import { ButtonLink } from '../../ui/Button'
import { TopBar } from '../../ui/Page'

/** The frame of pages outside any organization. */
export function PlainFrame({ children }: { children: ReactNode }) {
  return (
    <>
      <TopBar home="/">
        <ButtonLink kind="quiet" to="/logout-callback" reloadDocument>{common.signOut}</ButtonLink>
      </TopBar>
      {children}
    </>
  )
}

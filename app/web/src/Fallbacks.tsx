import { useEffect } from 'react'
import { useRouteError } from 'react-router'
import { common } from './text/common'
import { Button, ButtonLink } from './ui/Button'
import { SearchIcon, WarningIcon } from './ui/icons'
import { Page, TopBar } from './ui/Page'
import { State } from './ui/Surface'

/** For paths that lead nowhere. */
export function NotFound() {
  return (
    <>
      <TopBar home="/" />
      <Page isNarrow>
        <title>{`${common.notFoundTitle} · Spoke`}</title>
        <State level={1} icon={<SearchIcon size={28} />} title={common.notFoundTitle} actions={<ButtonLink kind="primary" to="/">{common.goHome}</ButtonLink>}>
          {common.notFoundText}
        </State>
      </Page>
    </>
  )
}

/** Anything a screen threw, a chunk that could not be loaded included. */
export function Crashed() {
  const error = useRouteError()
  useEffect(() => {
    console.error(error)
  }, [error])
  return (
    <>
      <TopBar home="/" />
      <Page isNarrow>
        <title>{`${common.crashedTitle} · Spoke`}</title>
        <State
          level={1}
          tone="danger"
          icon={<WarningIcon size={28} />}
          title={common.crashedTitle}
          actions={
            <>
              <Button kind="primary" onClick={() => { window.location.reload() }}>{common.reload}</Button>
              <ButtonLink to="/" reloadDocument>{common.goHome}</ButtonLink>
            </>
          }
        >
          {common.crashedText}
        </State>
      </Page>
    </>
  )
}

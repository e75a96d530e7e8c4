import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { common } from '../text/common'
import styles from './Bar.module.css'
import { cx } from './cx'
import { BackIcon } from './icons'

/** The mark: two bubbles in talk. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <path d="M4 7a4 4 0 0 1 4-4h12a4 4 0 0 1 4 4v7a4 4 0 0 1-4 4h-7l-6 5v-5.2A4 4 0 0 1 4 14z" fill="currentColor" />
      <path d="M26.5 11.2A4 4 0 0 1 29 15v6a4 4 0 0 1-3 3.9V29l-5-4h-6a4 4 0 0 1-3-1.4l2.6-2.1H20a6.5 6.5 0 0 0 6.5-6.5z" fill="var(--attention)" />
    </svg>
  )
}

/** The top of every page that is not full screen. */
export function TopBar({ home, place, nav, children }: { home: string; place?: string | undefined; nav?: ReactNode; children?: ReactNode }) {
  return (
    <header className={styles.bar}>
      <a className="skip-link" href="#main">{common.skipToContent}</a>
      <Link to={home} className={styles.brand}>
        <Mark /> Spoke
      </Link>
      {place !== undefined && <span className={styles.place}>{place}</span>}
      {nav}
      <span className={styles.grow} />
      {children}
    </header>
  )
}

export function TopNav({ label, children }: { label: string; children: ReactNode }) {
  return <nav aria-label={label} className={styles.nav}>{children}</nav>
}

/** The top of a full-screen task: the way out, what it is, and what can be done. */
export function TaskBar({ backTo, backLabel, title, children }: { backTo: string; backLabel: string; title: string; children?: ReactNode }) {
  return (
    <header className={styles.bar}>
      <a className="skip-link" href="#main">{common.skipToContent}</a>
      <Link to={backTo} aria-label={backLabel} title={backLabel} className={styles.brand}>
        <BackIcon size={24} />
      </Link>
      <h1 className={styles.title}>{title}</h1>
      {children}
    </header>
  )
}

/** The content of a page, where the skip link lands. */
export function Page({ isNarrow = false, children }: { isNarrow?: boolean; children: ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className={cx(styles.page, isNarrow && styles.narrow)}>
      {children}
    </main>
  )
}

interface PageHeadProps {
  title: string
  children?: ReactNode
  actions?: ReactNode
  back?: { to: string; label: string }
}

export function PageHead({ title, children, actions, back }: PageHeadProps) {
  return (
    <div className={styles.pageHead}>
      <div>
        <title>{`${title} · Spoke`}</title>
        {back && (
          <Link to={back.to} className={styles.backLink}>
            <BackIcon size={16} /> {back.label}
          </Link>
        )}
        <h1>{title}</h1>
        {children}
      </div>
      {actions !== undefined && <div className="row">{actions}</div>}
    </div>
  )
}

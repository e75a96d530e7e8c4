import type { ComponentProps, ReactNode } from 'react'
import { describe } from '../api/describe'
import type { ApiError } from '../api/client'
import { common } from '../text/common'
import { Button, ButtonLink } from './Button'
import { cx } from './cx'
import { CheckIcon, InfoIcon, WarningIcon } from './icons'
import styles from './Surface.module.css'

export type Tone = 'plain' | 'action' | 'attention' | 'success' | 'danger'

export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return <section {...rest} className={cx(styles.card, className)} />
}

export function Chip({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={cx(styles.chip, tone !== 'plain' && styles[tone])}>{children}</span>
}

interface NoticeProps {
  tone?: Tone
  title?: string
  children?: ReactNode
  action?: ReactNode
}

/** Something to know where it matters. Bad news interrupts a screen reader, the rest waits its turn. */
export function Notice({ tone = 'plain', title, children, action }: NoticeProps) {
  return (
    <div className={cx(styles.notice, tone !== 'plain' && styles[tone])} role={tone === 'danger' ? 'alert' : 'status'}>
      <NoticeIcon tone={tone} />
      <div>
        {title !== undefined && <div className={styles.noticeTitle}>{title}</div>}
        {children}
        {action !== undefined && <div className={styles.noticeAction}>{action}</div>}
      </div>
    </div>
  )
}

function NoticeIcon({ tone }: { tone: Tone }) {
  if (tone === 'success') return <CheckIcon />
  return tone === 'plain' || tone === 'action' ? <InfoIcon /> : <WarningIcon />
}

/** A failed action, beside what was attempted. */
export function ErrorNotice({ error, title, action }: { error: ApiError | null; title?: string; action?: ReactNode }) {
  if (error === null) return null
  return <Notice tone="danger" title={title} action={action}>{describe(error)}</Notice>
}

interface ProgressProps {
  label: string
  /** 0 to 1. */
  value: number
  /** What stands at the right end, for instance `40 of 200`. */
  words?: ReactNode
  isLabelHidden?: boolean
}

export function Progress({ label, value, words, isLabelHidden = false }: ProgressProps) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    <div className={styles.progress}>
      {!isLabelHidden && (
        <div className={styles.progressWords}>
          <span>{label}</span>
          <span className="figures quiet">{words ?? `${String(percent)} %`}</span>
        </div>
      )}
      <div className={styles.track} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
        <div className={styles.fill} style={{ width: `${String(percent)}%` }} />
      </div>
    </div>
  )
}

interface StateProps {
  icon: ReactNode
  title: string
  children?: ReactNode
  actions?: ReactNode
  tone?: 'action' | 'attention' | 'danger'
  /** The page's own heading when nothing else is on it. */
  level?: 1 | 2
}

/** What a screen shows when it has nothing else to show: why, and the way on. */
export function State({ icon, title, children, actions, tone = 'action', level = 2 }: StateProps) {
  const Heading = level === 1 ? 'h1' : 'h2'
  return (
    <div className={styles.state}>
      <div className={cx(styles.stateIcon, tone === 'attention' && styles.isAttention, tone === 'danger' && styles.isDanger)}>{icon}</div>
      <Heading>{title}</Heading>
      {children !== undefined && <div className="quiet">{children}</div>}
      {actions !== undefined && <div className="row" style={{ justifyContent: 'center' }}>{actions}</div>}
    </div>
  )
}

/** Asking again does not help against these. */
const FINAL = new Set(['FORBIDDEN', 'NOT_FOUND', 'SUSPENDED'])

export function ErrorState({ error, onRetry, level }: { error: ApiError; onRetry: () => void; level?: 1 | 2 }) {
  const isFinal = FINAL.has(error.code)
  return (
    <div role="alert">
      <State
        icon={<WarningIcon size={28} />}
        tone={isFinal ? 'attention' : 'danger'}
        title={isFinal ? common.cannotShow : common.couldNotLoad}
        level={level}
        actions={
          <>
            {isFinal && <ButtonLink kind="primary" to="/">{common.goHome}</ButtonLink>}
            <Button kind={isFinal ? 'secondary' : 'primary'} onClick={onRetry}>{common.tryAgain}</Button>
          </>
        }
      >
        {describe(error)}
      </State>
    </div>
  )
}

/** Stands where content will be. */
export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div className={styles.skeleton} role="status" aria-label={common.loading}>
      {Array.from({ length: rows }, (_, index) => <span key={index} />)}
    </div>
  )
}

import { useId, type ComponentProps, type ReactNode } from 'react'
import { common } from '../text/common'
import { cx } from './cx'
import styles from './Field.module.css'
import { SearchIcon, WarningIcon } from './icons'

interface Labelled {
  label: string
  hint?: ReactNode
  /** Why the value is not accepted. */
  error?: string | null | undefined
  isOptional?: boolean
  /** Where eyes see from what is beside it what it is about. */
  isLabelHidden?: boolean
}

interface Wiring {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

/** A label, a control, a hint and an error that belong together, for eyes and for screen readers. */
export function Field({ label, hint, error, isOptional = false, isLabelHidden = false, children }: Labelled & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId()
  const described = cx(hint !== undefined && `${id}-hint`, error && `${id}-error`)
  return (
    <div className={styles.field}>
      <label className={isLabelHidden ? 'visually-hidden' : styles.label} htmlFor={id}>
        {label} {isOptional && <span className={styles.optional}>({common.optional})</span>}
      </label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined })}
      {hint !== undefined && <div className={styles.hint} id={`${id}-hint`}>{hint}</div>}
      {error && (
        <div className={styles.error} id={`${id}-error`}>
          <WarningIcon size={16} /> {error}
        </div>
      )}
    </div>
  )
}

export function TextField({ label, hint, error, isOptional, isLabelHidden, className, ...rest }: Labelled & ComponentProps<'input'>) {
  return (
    <Field label={label} hint={hint} error={error} isOptional={isOptional} isLabelHidden={isLabelHidden}>
      {(wiring) => <input {...rest} {...wiring} className={cx(styles.control, className)} />}
    </Field>
  )
}

export function TextArea({ label, hint, error, isOptional, className, ...rest }: Labelled & ComponentProps<'textarea'>) {
  return (
    <Field label={label} hint={hint} error={error} isOptional={isOptional}>
      {(wiring) => <textarea {...rest} {...wiring} className={cx(styles.control, className)} />}
    </Field>
  )
}

export function Select({ label, hint, error, isLabelHidden, className, children, ...rest }: Labelled & ComponentProps<'select'>) {
  return (
    <Field label={label} hint={hint} error={error} isLabelHidden={isLabelHidden}>
      {(wiring) => (
        <select {...rest} {...wiring} className={cx(styles.control, className)}>
          {children}
        </select>
      )}
    </Field>
  )
}

/** A search box whose label is only heard. */
export function SearchField({ label, className, ...rest }: { label: string } & ComponentProps<'input'>) {
  return (
    <span className={cx(styles.search, className)}>
      <SearchIcon size={18} />
      <input {...rest} type="search" aria-label={label} placeholder={label} className={styles.control} />
    </span>
  )
}

export function Switch({ label, hint, ...rest }: { label: string; hint?: ReactNode } & ComponentProps<'input'>) {
  return (
    <label className={styles.switch}>
      <input {...rest} type="checkbox" role="switch" />
      <span>
        <span className={styles.label}>{label}</span>
        {hint !== undefined && <span className={styles.hint} style={{ display: 'block' }}>{hint}</span>}
      </span>
    </label>
  )
}

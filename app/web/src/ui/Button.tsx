import type { ComponentProps } from 'react'
import { Link, type LinkProps } from 'react-router'
import styles from './Button.module.css'
import { cx } from './cx'

interface Look {
  kind?: 'primary' | 'secondary' | 'quiet' | 'danger' | 'dangerQuiet'
  size?: 'small' | 'normal' | 'large'
  isWide?: boolean
}

function classes({ kind = 'secondary', size = 'normal', isWide = false }: Look, extra?: string): string {
  return cx(styles.button, styles[kind], size !== 'normal' && styles[size], isWide && styles.wide, extra)
}

interface ButtonProps extends ComponentProps<'button'>, Look {
  /** Shows that the work is under way. The button keeps its focus and ignores further clicks. */
  isBusy?: boolean
}

export function Button({ kind, size, isWide, isBusy = false, className, children, onClick, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={classes({ kind, size, isWide }, className)}
      aria-busy={isBusy || undefined}
      aria-disabled={isBusy ? true : rest['aria-disabled']}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {isBusy && <span className={styles.spinner} aria-hidden />}
      {children}
    </button>
  )
}

export function ButtonLink({ kind, size, isWide, className, ...rest }: LinkProps & Look) {
  return <Link {...rest} className={classes({ kind, size, isWide }, className)} />
}

interface IconButtonProps extends ButtonProps {
  /** What it does, for those who do not see the icon. */
  label: string
}

export function IconButton({ label, kind = 'quiet', className, ...rest }: IconButtonProps) {
  return <Button {...rest} kind={kind} aria-label={label} title={label} className={cx(styles.icon, className)} />
}

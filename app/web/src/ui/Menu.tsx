import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import styles from './Menu.module.css'

/** A button's list of further actions. */
export function Menu({ trigger, label, children }: { trigger: ReactNode; label?: string; children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles.menu} align="end" sideOffset={4} collisionPadding={8}>
          {label !== undefined && <DropdownMenu.Label className={styles.label}>{label}</DropdownMenu.Label>}
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

export function MenuItem({ onSelect, isDisabled = false, children }: { onSelect: () => void; isDisabled?: boolean; children: ReactNode }) {
  return (
    <DropdownMenu.Item className={styles.item} onSelect={onSelect} disabled={isDisabled}>
      {children}
    </DropdownMenu.Item>
  )
}

/** A menu entry that leads somewhere; `isDocument` leaves the application, as signing out does. */
export function MenuLink({ to, isDocument = false, children }: { to: string; isDocument?: boolean; children: ReactNode }) {
  return (
    <DropdownMenu.Item asChild>
      <Link to={to} reloadDocument={isDocument} className={styles.item}>
        {children}
      </Link>
    </DropdownMenu.Item>
  )
}

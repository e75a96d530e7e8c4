import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { common } from '../text/common'
import { IconButton } from './Button'
import styles from './Dialog.module.css'
import { CloseIcon } from './icons'

interface DialogProps {
  title: string
  isOpen: boolean
  onClose: () => void
  children: ReactNode
}

/** Over the page: in the middle of a desk, at the bottom of a phone. Escape and the shade close it. */
export function Dialog({ title, isOpen, onClose, children }: DialogProps) {
  return (
    <Radix.Root
      open={isOpen}
      onOpenChange={(opens) => {
        if (!opens) onClose()
      }}
    >
      <Radix.Portal>
        <Radix.Overlay className={styles.shade} />
        <Radix.Content
          className={styles.dialog}
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            // The dialog itself: a focused text box would bring up a phone's keyboard over it.
            event.preventDefault()
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus()
          }}
        >
          <div className={styles.head}>
            <Radix.Title>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={common.close} className={styles.close}>
                <CloseIcon />
              </IconButton>
            </Radix.Close>
          </div>
          <div className={styles.body}>{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>
}

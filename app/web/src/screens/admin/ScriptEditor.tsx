import { useId, useLayoutEffect, useRef } from 'react'
import { OFFERED_FIELDS, scriptPieces, unknownFields } from '../../lib/script'
import { admin } from '../../text/admin'
import { cx } from '../../ui/cx'
import { Notice } from '../../ui/Surface'
import styles from './ScriptEditor.module.css'

interface Props {
  label: string
  value: string
  customFields: readonly string[]
  onChange: (value: string) => void
  /** Shows the fields only while it is worked in. */
  isQuiet?: boolean
}

/** Text with fields: chips put a field where the cursor is, and fields nobody knows stand out. */
export function ScriptEditor({ label, value, customFields, onChange, isQuiet = false }: Props) {
  const id = useId()
  const box = useRef<HTMLTextAreaElement>(null)
  const cursor = useRef<number | null>(null)
  const unknown = unknownFields(value, customFields)
  const insert = (name: string) => {
    const field = `{${name}}`
    const start = box.current?.selectionStart ?? value.length
    const end = box.current?.selectionEnd ?? start
    cursor.current = start + field.length
    onChange(value.slice(0, start) + field + value.slice(end))
  }
  useLayoutEffect(() => {
    if (cursor.current === null) return
    box.current?.focus()
    box.current?.setSelectionRange(cursor.current, cursor.current)
    cursor.current = null
  }, [value])

  return (
    <div className={cx(styles.editor, isQuiet && styles.isQuiet)}>
      <label className={styles.label} htmlFor={id}>{label}</label>
      <div className={styles.chips} role="group" aria-label={admin.script.insert}>
        {[...OFFERED_FIELDS, ...customFields].map((name) => (
          <button key={name} type="button" onClick={() => { insert(name) }}>{name}</button>
        ))}
      </div>
      <div className={styles.box}>
        <div className={styles.under} aria-hidden>
          {scriptPieces(value, customFields).map((piece, index) =>
            piece.kind === 'plain' ? piece.text : <mark key={index} className={cx(piece.kind === 'unknown' && styles.unknown)}>{piece.text}</mark>,
          )}
          {/* A last empty line takes its room too. */}
          {'\n'}
        </div>
        <textarea id={id} ref={box} value={value} aria-invalid={unknown.length > 0 || undefined} onChange={(event) => { onChange(event.target.value) }} />
      </div>
      {unknown.length > 0 && <Notice tone="danger">{admin.script.unknown(unknown.map((name) => `{${name}}`).join(', '))}</Notice>}
    </div>
  )
}

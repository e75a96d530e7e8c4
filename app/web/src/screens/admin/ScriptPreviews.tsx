import { admin } from '../../text/admin'
import { Chip } from '../../ui/Surface'
import styles from './ScriptEditor.module.css'
import type { Preview } from './usePreviews'

export function ScriptPreviews({ previews, isEmpty }: { previews: Preview[]; isEmpty: boolean }) {
  if (previews.length === 0) return <p className="quiet">{admin.script.noContacts}</p>
  return (
    <div className="stack" style={{ gap: '0.75rem' }}>
      <h3>{admin.script.preview}</h3>
      {isEmpty && <p className="quiet">{admin.script.previewEmpty}</p>}
      {!isEmpty && (
        <ul className={styles.previews}>
          {previews.map((preview) => (
            <li key={preview.id} className={styles.preview}>
              <strong>{preview.name}</strong>
              <p className={styles.bubble}>{preview.text}</p>
              <div className={styles.previewFoot}>
                <span>{admin.script.segments(preview.segments)}</span>
                {preview.missingFields.length > 0 && <Chip tone="attention">{admin.script.missing(preview.missingFields.join(', '))}</Chip>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

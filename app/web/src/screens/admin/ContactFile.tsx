import { useState } from 'react'
import { admin } from '../../text/admin'
import { cx } from '../../ui/cx'
import { FileIcon } from '../../ui/icons'
import { Chip, Notice } from '../../ui/Surface'
import { inspect, unreadable, type ChosenFile } from './chosenFile'
import { ColumnMapping } from './ColumnMapping'
import styles from './ContactFile.module.css'

/** Columns that are understood by their names. */
const KNOWN = ['first_name', 'last_name', 'phone_number']

interface Props {
  chosen: ChosenFile | null
  isDisabled: boolean
  onChoose: (chosen: ChosenFile) => void
}

/** Takes a CSV file, dropped or chosen, and lets somebody say what its columns are. */
export function ContactFile({ chosen, isDisabled, onChoose }: Props) {
  const [isOver, setOver] = useState(false)
  const take = (files: FileList | null) => {
    const file = files?.[0]
    if (file && !isDisabled) void inspect(file).then(onChoose)
  }
  const reason = chosen && unreadable(chosen)
  return (
    <div className="stack">
      {/* Dropping is for the mouse; the input inside does the same for everybody. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- see above */}
      <label
        className={cx(styles.drop, isOver && styles.isOver)}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => { setOver(false) }}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          take(event.dataTransfer.files)
        }}
      >
        <FileIcon size={32} />
        <span className={styles.fileName}>{chosen?.file.name ?? admin.upload.drop}</span>
        {chosen && <span className="quiet figures">{admin.upload.size((chosen.file.size / 1e6).toFixed(2))}</span>}
        <span className={styles.link}>{chosen ? admin.upload.another : admin.upload.choose}</span>
        <input type="file" accept=".csv,text/csv" className="visually-hidden" disabled={isDisabled} onChange={(event) => { take(event.target.files) }} />
      </label>
      {reason !== null && <Notice tone="danger">{reason}</Notice>}
      {chosen && reason === null ? <ColumnMapping chosen={chosen} isDisabled={isDisabled} onChange={onChoose} /> : <Expected />}
    </div>
  )
}

function Expected() {
  return (
    <div className="stack" style={{ gap: '0.5rem' }}>
      <p className="quiet">{admin.upload.columns}</p>
      <ul className={styles.columns}>
        {KNOWN.map((name) => <li key={name}><Chip>{name}</Chip></li>)}
      </ul>
      <p className="quiet">{admin.upload.more}</p>
    </div>
  )
}

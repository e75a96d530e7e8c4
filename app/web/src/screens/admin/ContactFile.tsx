import { useState } from 'react'
import { readHeader, REQUIRED_COLUMNS, type Header } from '../../lib/csvHeader'
import { admin } from '../../text/admin'
import { cx } from '../../ui/cx'
import { CheckIcon, FileIcon } from '../../ui/icons'
import { Chip, Notice } from '../../ui/Surface'
import styles from './ContactFile.module.css'

/** A file somebody chose, and what its first line says. */
export interface ChosenFile {
  file: File
  header: Header
  problem: string | null
}

/** Enough of a file to hold its first line. */
const START_BYTES = 65_536

export async function inspect(file: File): Promise<ChosenFile> {
  const header = readHeader(await new Response(file.slice(0, START_BYTES)).text())
  return { file, header, problem: problemOf(file, header) }
}

function problemOf(file: File, header: Header): string | null {
  if (!/\.(csv|txt)$/i.test(file.name) && !file.type.includes('csv')) return admin.upload.notCsv
  if (file.size === 0 || header.columns.length === 0) return admin.upload.empty
  return header.missing.length > 0 ? admin.upload.missing(header.missing.join(', ')) : null
}

interface Props {
  chosen: ChosenFile | null
  isDisabled: boolean
  onChoose: (chosen: ChosenFile) => void
}

/** Takes a CSV file, dropped or chosen, and shows which columns it has. */
export function ContactFile({ chosen, isDisabled, onChoose }: Props) {
  const [isOver, setOver] = useState(false)
  const take = (files: FileList | null) => {
    const file = files?.[0]
    if (file && !isDisabled) void inspect(file).then(onChoose)
  }
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
      {chosen?.problem && <Notice tone="danger">{chosen.problem}</Notice>}
      <Columns header={chosen?.header ?? null} />
    </div>
  )
}

function Columns({ header }: { header: Header | null }) {
  return (
    <div className="stack" style={{ gap: '0.5rem' }}>
      <p className="quiet">{admin.upload.columns}</p>
      <ul className={styles.columns}>
        {REQUIRED_COLUMNS.map((name) => {
          const isMissing = header?.missing.includes(name) ?? false
          return (
            <li key={name}>
              <Chip tone={header === null ? 'plain' : isMissing ? 'danger' : 'success'}>
                {header !== null && !isMissing && <CheckIcon size={14} />} {name} {isMissing && `(${admin.upload.missingColumn})`}
              </Chip>
            </li>
          )
        })}
      </ul>
      <p className="quiet">{header && header.custom.length > 0 ? `${admin.upload.extra}:` : admin.upload.more}</p>
      {header && header.custom.length > 0 && (
        <ul className={styles.columns}>
          {header.custom.map((name) => <li key={name}><Chip>{name}</Chip></li>)}
        </ul>
      )}
    </div>
  )
}

import { count } from '../../lib/time'
import { admin } from '../../text/admin'
import { DownIcon } from '../../ui/icons'
import { Notice } from '../../ui/Surface'
import { Table } from '../../ui/Table'
import styles from './CampaignEdit.module.css'
import type { EditedCampaign } from './sections'

type Report = NonNullable<EditedCampaign['contactImport']>

/** What an upload loaded, and every row it turned away with the reason. */
export function ImportReport({ report }: { report: Report }) {
  const rejected = report.rowsCount - report.loadedCount
  const figures: [string, number][] = [
    [admin.contacts.rows, report.rowsCount],
    [admin.contacts.loaded, report.loadedCount],
    [admin.contacts.invalid, report.invalidCount],
    [admin.contacts.duplicate, report.duplicateCount],
    [admin.contacts.optedOut, report.optedOutCount],
  ]
  return (
    <div className="stack">
      <Notice tone="success" title={admin.contacts.done(report.loadedCount, report.fileName)}>
        {rejected === 0 && admin.contacts.allLoaded}
      </Notice>
      {rejected > 0 && (
        <>
          <dl className={styles.report}>
            {figures.map(([name, number]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="figures">{count(number)}</dd>
              </div>
            ))}
          </dl>
          <Rejected report={report} rejected={rejected} />
        </>
      )}
    </div>
  )
}

/** More rows than this stay folded until somebody wants them. */
const FEW = 5

function Rejected({ report, rejected }: { report: Report; rejected: number }) {
  const { rejectedRows: rows, rejectedRowsUrl: url } = report
  return (
    <details open={rows.length <= FEW}>
      <summary style={{ cursor: 'pointer', fontWeight: 600, minHeight: '2.75rem', alignContent: 'center' }}>{admin.contacts.rejected(rejected)}</summary>
      <div className="stack" style={{ paddingTop: '0.5rem' }}>
        {rows.length < rejected && <p className="quiet">{admin.contacts.rejectedFirst(rows.length)}</p>}
        <Table
          caption={admin.contacts.rejected(rejected)}
          rows={rows}
          keyOf={({ line }) => line}
          columns={[
            { name: admin.contacts.line, cell: ({ line }) => count(line) },
            { name: admin.contacts.cell, cell: ({ cell }) => (cell === '' ? <span className="quiet">{admin.contacts.emptyCell}</span> : cell) },
            { name: admin.contacts.reason, cell: ({ reason }) => reason },
          ]}
        />
        {url !== null && (
          <p>
            <a href={url} download><DownIcon size={16} /> {admin.contacts.download}</a>
          </p>
        )}
      </div>
    </details>
  )
}

import { count } from '../../lib/time'
import { admin } from '../../text/admin'
import { PeopleIcon } from '../../ui/icons'
import { State } from '../../ui/Surface'
import { Table, type Column } from '../../ui/Table'
import type { WatchedCampaign } from './CampaignStats'

type Summary = WatchedCampaign['assignmentSummaries'][number]

const COLUMNS: Column<Summary>[] = [
  { name: admin.stats.texter, cell: nameOf },
  { name: admin.stats.messaged, isNumber: true, cell: (texter) => count(texter.contactsCount - texter.unmessagedCount) },
  { name: admin.stats.notMessaged, isNumber: true, cell: (texter) => count(texter.unmessagedCount) },
  { name: admin.stats.needsReply, isNumber: true, cell: (texter) => count(texter.needsResponseCount) },
  { name: admin.stats.skipped, isNumber: true, cell: (texter) => count(texter.skippedCount) },
  { name: admin.stats.total, isNumber: true, cell: (texter) => count(texter.contactsCount) },
]

function nameOf(texter: Summary): string {
  return `${texter.texterFirstName} ${texter.texterLastName}`
}

/** Who texts, and how far they are. */
export function TexterTable({ campaign }: { campaign: WatchedCampaign }) {
  const rows = [...campaign.assignmentSummaries].sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
  return (
    <section className="stack">
      <h2>{admin.stats.table} <span className="quiet figures">{rows.length > 0 && count(rows.length)}</span></h2>
      {rows.length > 0 && <Table caption={admin.stats.table} columns={COLUMNS} rows={rows} keyOf={({ assignmentId }) => assignmentId} />}
      {rows.length === 0 && (
        <State icon={<PeopleIcon size={28} />} title={admin.stats.noTextersTitle}>
          {admin.stats.noTextersText}
        </State>
      )}
    </section>
  )
}

import { useEffect, useRef } from 'react'
import { count } from '../../lib/time'
import { admin } from '../../text/admin'
import { ButtonLink } from '../../ui/Button'
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

/** Texters of a page. */
export const TEXTERS = 100

/** Who texts, and how far they are, page by page. */
export function TexterTable({ campaign, isFirst }: { campaign: WatchedCampaign; isFirst: boolean }) {
  const { assignmentSummaries: found, stats } = campaign
  const rows = found.slice(0, TEXTERS)
  const last = found.length > TEXTERS ? rows.at(-1) : undefined
  const heading = useRef<HTMLHeadingElement>(null)
  // Whoever turned the page looks for texters, not for the top of the campaign.
  useEffect(() => {
    if (isFirst) return
    heading.current?.focus({ preventScroll: true })
    heading.current?.scrollIntoView()
  }, [isFirst])
  return (
    <section className="stack">
      <h2 ref={heading} tabIndex={-1}>
        {admin.stats.table} <span className="quiet figures">{rows.length > 0 && count(stats.textersCount)}</span>
      </h2>
      {rows.length > 0 && <Table caption={admin.stats.table} columns={COLUMNS} rows={rows} keyOf={({ assignmentId }) => assignmentId} />}
      {rows.length === 0 && (
        <State icon={<PeopleIcon size={28} />} title={isFirst ? admin.stats.noTextersTitle : admin.stats.noMoreTexters}>
          {isFirst && admin.stats.noTextersText}
        </State>
      )}
      {(!isFirst || last) && (
        <nav className="row" aria-label={admin.stats.pages}>
          {!isFirst && <ButtonLink to=".">{admin.stats.firstTexters}</ButtonLink>}
          {last && <ButtonLink to={`?after=${last.assignmentId}`}>{admin.stats.nextTexters}</ButtonLink>}
        </nav>
      )}
    </section>
  )
}

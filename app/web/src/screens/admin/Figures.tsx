import { count } from '../../lib/time'
import { admin } from '../../text/admin'
import { cx } from '../../ui/cx'
import type { WatchedCampaign } from './CampaignStats'
import styles from './CampaignStats.module.css'
import { replyRate } from './replyRate'

type Stats = WatchedCampaign['stats']

export function Figures({ stats }: { stats: Stats }) {
  return (
    <>
      <dl className={styles.figures}>
        <Figure name={admin.stats.messaged} value={count(stats.messagedCount)} />
        <Figure name={admin.stats.replied} value={count(stats.repliedCount)} />
        <Figure name={admin.stats.replyRate} value={replyRate(stats)} />
        <Figure name={admin.stats.waiting} value={count(stats.needsResponseCount)} className={cx(stats.needsResponseCount > 0 && styles.isWaiting)} />
      </dl>
      <dl className={cx(styles.figures, styles.small)}>
        <Figure name={admin.stats.contacts} value={count(stats.contactsCount)} />
        <Figure name={admin.stats.skipped} value={count(stats.skippedCount)} />
        <Figure name={admin.stats.optOuts} value={count(stats.optOutsCount)} />
        <Figure name={admin.stats.errors} value={count(stats.errorCount)} className={cx(stats.errorCount > 0 && styles.isBad)} />
      </dl>
      <p className="quiet figures">{admin.stats.conversations(stats.sentMessagesCount, stats.receivedMessagesCount)}</p>
    </>
  )
}

function Figure({ name, value, className }: { name: string; value: string; className?: string }) {
  return (
    <div className={className}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

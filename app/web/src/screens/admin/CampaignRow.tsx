import { Link } from 'react-router'
import { dayWords } from '../../lib/time'
import { admin } from '../../text/admin'
import { Chip } from '../../ui/Surface'
import type { CampaignListQuery } from './CampaignList.generated'
import styles from './CampaignList.module.css'
import { StatusChip } from './StatusChip'

type Campaign = NonNullable<CampaignListQuery['organization']>['campaigns']['campaigns'][number]

/** Leads to the figures of a campaign that runs, and to the form of one that does not yet. */
export function CampaignRow({ campaign }: { campaign: Campaign }) {
  const isOpen = campaign.status === 'ACTIVE'
  return (
    <Link to={campaign.isStarted ? campaign.id : `${campaign.id}/edit`} className={styles.row}>
      <div>
        <div className={styles.title}>
          <h2>{campaign.title}</h2>
          <StatusChip status={campaign.status} />
          {isOpen && campaign.hasUnassignedContacts && <Chip>{admin.list.unassigned}</Chip>}
          {isOpen && campaign.hasUnsentInitialMessages && <Chip>{admin.list.unsent}</Chip>}
        </div>
        <p className={styles.description}>{campaign.description}</p>
      </div>
      <div className={styles.facts}>
        <span>{admin.list.contacts(campaign.contactsCount)}</span>
        <span>{campaign.dueBy === null ? admin.list.noDue : admin.list.due(dayWords(campaign.dueBy))}</span>
        {campaign.creator && <span>{admin.list.by(campaign.creator.displayName)}</span>}
      </div>
    </Link>
  )
}

import type { CampaignStatus } from './CampaignList.generated'
import { admin } from '../../text/admin'
import { Chip, type Tone } from '../../ui/Surface'

const TONES: Record<CampaignStatus, Tone> = {
  NOT_STARTED: 'attention',
  ACTIVE: 'success',
  CLOSED_FOR_INITIAL_SENDS: 'action',
  CLOSED: 'plain',
  ARCHIVED: 'plain',
}

export function StatusChip({ status }: { status: CampaignStatus }) {
  return <Chip tone={TONES[status]}>{admin.status[status]}</Chip>
}

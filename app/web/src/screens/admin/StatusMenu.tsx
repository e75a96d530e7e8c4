import { useCallback, useState } from 'react'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import { ChevronIcon } from '../../ui/icons'
import { Menu, MenuItem } from '../../ui/Menu'
import { ErrorNotice } from '../../ui/Surface'
import { ArchiveDialog } from './ArchiveDialog'
import type { WatchedCampaign } from './CampaignStats'
import { UpdateCampaignStatus, type UpdateCampaignStatusMutationVariables } from './CampaignStats.generated'

type Status = UpdateCampaignStatusMutationVariables['status']

const CHOICES: [Status, string][] = [
  ['ACTIVE', admin.stats.activate],
  ['CLOSED_FOR_INITIAL_SENDS', admin.stats.closeInitial],
  ['CLOSED', admin.stats.close],
]

/** Opens and closes a campaign, in parts or altogether. */
export function StatusMenu({ campaign, refetch }: { campaign: WatchedCampaign; refetch: () => Promise<void> }) {
  const [isArchiving, setArchiving] = useState(false)
  const change = useAction(
    useCallback(async (status: Status) => {
      await request(UpdateCampaignStatus, { campaignId: campaign.id, status })
      await refetch()
    }, [campaign.id, refetch]),
  )
  return (
    <>
      <Menu trigger={<Button isBusy={change.isRunning}>{admin.stats.changeStatus} <ChevronIcon size={16} /></Button>}>
        {CHOICES.map(([status, words]) => (
          <MenuItem key={status} isDisabled={campaign.status === status} onSelect={() => void change.run(status)}>{words}</MenuItem>
        ))}
        <MenuItem onSelect={() => { setArchiving(true) }}>{admin.stats.archive}</MenuItem>
      </Menu>
      <ErrorNotice error={change.error} />
      <ArchiveDialog campaignId={campaign.id} isOpen={isArchiving} onClose={() => { setArchiving(false) }} refetch={refetch} />
    </>
  )
}

import { useCallback, useEffect, useState } from 'react'
import { request } from '../../api/client'
import { useAction, type Action } from '../../api/useAction'
import { EditCampaign, type EditCampaignMutationVariables } from './CampaignEdit.generated'
import type { SectionProps } from './EditSections'
import type { SectionName } from './sections'

type Input = EditCampaignMutationVariables['campaign']

export interface Save {
  action: Action<[Input]>
  /** Saved since the last change. */
  isSaved: boolean
}

/** Saves one section, and keeps the form told whether there is something to save. */
export function useSave(section: SectionName, isChanged: boolean, { campaign, onUnsaved, onSaved }: SectionProps): Save {
  const [hasSaved, setHasSaved] = useState(false)
  useEffect(() => {
    onUnsaved(section, isChanged)
  }, [section, isChanged, onUnsaved])
  const action = useAction(
    useCallback(
      async (input: Input) => {
        await request(EditCampaign, { campaignId: campaign.id, campaign: input })
        setHasSaved(true)
        await onSaved(section)
      },
      [campaign.id, onSaved, section],
    ),
  )
  return { action, isSaved: hasSaved && !isChanged }
}

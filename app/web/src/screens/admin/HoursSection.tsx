import { useState, type SubmitEvent } from 'react'
import { hoursOf, hoursWords, hourWords } from '../../lib/hours'
import { admin } from '../../text/admin'
import { Select, Switch } from '../../ui/Field'
import styles from './CampaignEdit.module.css'
import type { SectionProps } from './EditSections'
import { SaveRow } from './SaveRow'
import type { EditedCampaign } from './sections'
import { useSave } from './useSave'

/** The zones people live in where these texts go. */
const ZONES = [
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Phoenix',
  'America/Los_Angeles',
  'America/Anchorage',
  'Pacific/Honolulu',
  'America/Puerto_Rico',
]

function formOf(campaign: EditedCampaign) {
  return {
    overrideOrganizationTextingHours: campaign.overrideOrganizationTextingHours,
    textingHoursEnforced: campaign.textingHoursEnforced,
    textingHoursStart: campaign.textingHoursStart,
    textingHoursEnd: campaign.textingHoursEnd,
    timezone: campaign.timezone,
  }
}

export function HoursSection(props: SectionProps) {
  const { campaign, isNew } = props
  const saved = formOf(campaign)
  const [form, setForm] = useState(saved)
  const isChanged = JSON.stringify(form) !== JSON.stringify(saved)
  const save = useSave('hours', isChanged, props)
  const isWrong = form.overrideOrganizationTextingHours && form.textingHoursEnforced && form.textingHoursEnd <= form.textingHoursStart
  const organizationHours = hoursOf({ ...form, overrideOrganizationTextingHours: false, organization: campaign.organization })
  const change = (changes: Partial<typeof form>) => { setForm({ ...form, ...changes }) }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void save.action.run(form)
  }

  return (
    <form className="stack" onSubmit={submit}>
      <Switch
        label={admin.hours.override}
        hint={admin.hours.overrideHint(organizationHours ? hoursWords(organizationHours) : admin.hours.anyTime)}
        checked={form.overrideOrganizationTextingHours}
        onChange={(event) => { change({ overrideOrganizationTextingHours: event.target.checked }) }}
      />
      {form.overrideOrganizationTextingHours && (
        <>
          <Switch label={admin.hours.enforced} hint={admin.hours.enforcedHint} checked={form.textingHoursEnforced} onChange={(event) => { change({ textingHoursEnforced: event.target.checked }) }} />
          {form.textingHoursEnforced && (
            <div className={styles.pair}>
              <HourSelect label={admin.hours.from} from={0} to={23} value={form.textingHoursStart} onChange={(textingHoursStart) => { change({ textingHoursStart }) }} />
              <HourSelect label={admin.hours.to} from={1} to={24} value={form.textingHoursEnd} error={isWrong ? admin.hours.wrong : null} onChange={(textingHoursEnd) => { change({ textingHoursEnd }) }} />
              <Select label={admin.hours.timezone} hint={admin.hours.timezoneHint} value={form.timezone} onChange={(event) => { change({ timezone: event.target.value }) }}>
                {[...new Set([...ZONES, form.timezone])].map((zone) => <option key={zone} value={zone}>{zone.split('/').at(-1)?.replaceAll('_', ' ')}</option>)}
              </Select>
            </div>
          )}
        </>
      )}
      <SaveRow save={save} isChanged={isChanged} isNew={isNew} isWrong={isWrong} />
    </form>
  )
}

interface HourSelectProps {
  label: string
  from: number
  to: number
  value: number
  error?: string | null
  onChange: (hour: number) => void
}

function HourSelect({ label, from, to, value, error, onChange }: HourSelectProps) {
  const hours = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  return (
    <Select label={label} error={error} value={value} onChange={(event) => { onChange(Number(event.target.value)) }}>
      {hours.map((hour) => <option key={hour} value={hour}>{hourWords(hour)}</option>)}
    </Select>
  )
}

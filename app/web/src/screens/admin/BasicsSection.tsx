import { useState, type SubmitEvent } from 'react'
import { admin } from '../../text/admin'
import { TextArea, TextField } from '../../ui/Field'
import type { SectionProps } from './EditSections'
import { SaveRow } from './SaveRow'
import { useSave } from './useSave'

export function BasicsSection(props: SectionProps) {
  const { campaign, isNew } = props
  const [title, setTitle] = useState(campaign.title)
  const [description, setDescription] = useState(campaign.description)
  const savedDue = campaign.dueBy?.slice(0, 10) ?? ''
  const [dueBy, setDueBy] = useState(savedDue)
  const isChanged = title !== campaign.title || description !== campaign.description || dueBy !== savedDue
  const save = useSave('basics', isChanged, props)
  const today = new Date().toISOString().slice(0, 10)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void save.action.run({ title, description, dueBy: dueBy === '' ? null : dueBy })
  }

  return (
    <form className="stack" onSubmit={submit}>
      <TextField label={admin.basics.title} hint={admin.basics.titleHint} required maxLength={200} value={title} onChange={(event) => { setTitle(event.target.value) }} />
      <TextArea label={admin.basics.description} hint={admin.basics.descriptionHint} required rows={2} value={description} onChange={(event) => { setDescription(event.target.value) }} />
      <div style={{ maxWidth: '14rem' }}>
        <TextField label={admin.basics.dueBy} hint={admin.basics.dueByHint} type="date" required min={savedDue !== '' && savedDue < today ? savedDue : today} value={dueBy} onChange={(event) => { setDueBy(event.target.value) }} />
      </div>
      <SaveRow save={save} isChanged={isChanged} isNew={isNew} />
    </form>
  )
}

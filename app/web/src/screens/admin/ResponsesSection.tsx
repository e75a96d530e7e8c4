import { useState, type SubmitEvent } from 'react'
import { admin } from '../../text/admin'
import { Button, IconButton } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { CloseIcon, PlusIcon } from '../../ui/icons'
import { Notice } from '../../ui/Surface'
import styles from './CampaignEdit.module.css'
import type { SectionProps } from './EditSections'
import { draftsOf, inputOf, isChangedFrom, moved, type Draft } from './responseDrafts'
import { SaveRow } from './SaveRow'
import { ScriptEditor } from './ScriptEditor'
import { useSave } from './useSave'

/** Prepared answers, in the order texters see them. */
export function ResponsesSection(props: SectionProps) {
  const { campaign, isNew } = props
  const saved = campaign.cannedResponses
  const [drafts, setDrafts] = useState(() => draftsOf(saved))
  // New ones get their ids by saving: the list starts over from what the server has.
  const [base, setBase] = useState(saved)
  const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).join()
  if (ids(base) !== ids(saved)) {
    setBase(saved)
    setDrafts(draftsOf(saved))
  }
  const isChanged = isChangedFrom(saved, drafts)
  const isIncomplete = drafts.some(({ title, text }) => title.trim() === '' || text.trim() === '')
  const save = useSave('responses', isChanged, props)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void save.action.run({ cannedResponses: inputOf(saved, drafts) })
  }
  const change = (index: number, changes: Partial<Draft>) => {
    setDrafts(drafts.map((draft, at) => (at === index ? { ...draft, ...changes } : draft)))
  }

  return (
    <form className="stack" onSubmit={submit}>
      <p className="quiet">{admin.responses.lead}</p>
      <ol className="stack">
        {drafts.map((draft, index) => (
          <li key={draft.id} className={styles.response}>
            <div className={styles.responseHead}>
              <TextField label={admin.responses.title} value={draft.title} onChange={(event) => { change(index, { title: event.target.value }) }} />
              <Tools
                title={draft.title || admin.responses.untitled}
                isFirst={index === 0}
                isLast={index === drafts.length - 1}
                onMove={(by) => { setDrafts(moved(drafts, index, index + by)) }}
                onRemove={() => { setDrafts(drafts.filter((_, at) => at !== index)) }}
              />
            </div>
            <ScriptEditor isQuiet label={admin.responses.text} value={draft.text} customFields={campaign.customFields} onChange={(text) => { change(index, { text }) }} />
          </li>
        ))}
      </ol>
      <div>
        <Button onClick={() => { setDrafts([...drafts, { id: crypto.randomUUID(), isNew: true, title: '', text: '' }]) }}>
          <PlusIcon /> {admin.responses.add}
        </Button>
      </div>
      {isChanged && isIncomplete && <Notice tone="attention">{admin.responses.needsBoth}</Notice>}
      <SaveRow save={save} isChanged={isChanged} isNew={isNew} isWrong={isIncomplete} />
    </form>
  )
}

interface ToolsProps {
  title: string
  isFirst: boolean
  isLast: boolean
  onMove: (by: 1 | -1) => void
  onRemove: () => void
}

function Tools({ title, isFirst, isLast, onMove, onRemove }: ToolsProps) {
  return (
    <div className={styles.responseTools}>
      <IconButton label={admin.responses.up(title)} disabled={isFirst} onClick={() => { onMove(-1) }}>↑</IconButton>
      <IconButton label={admin.responses.down(title)} disabled={isLast} onClick={() => { onMove(1) }}>↓</IconButton>
      <IconButton label={admin.responses.remove(title)} kind="dangerQuiet" onClick={onRemove}><CloseIcon /></IconButton>
    </div>
  )
}

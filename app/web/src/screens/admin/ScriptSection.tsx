import { useState, type SubmitEvent } from 'react'
import { config } from '../../config'
import { asSent, costlyCharacters, countSegments } from '../../lib/segments'
import { admin } from '../../text/admin'
import { Notice } from '../../ui/Surface'
import type { SectionProps } from './EditSections'
import { SaveRow } from './SaveRow'
import { ScriptEditor } from './ScriptEditor'
import styles from './ScriptEditor.module.css'
import { ScriptPreviews } from './ScriptPreviews'
import { scriptOf } from './sections'
import { usePreviews } from './usePreviews'
import { useSave } from './useSave'

/** The first text: written with fields, counted, and seen as contacts will get it. */
export function ScriptSection(props: SectionProps) {
  const { campaign, me, isNew } = props
  const saved = scriptOf(campaign)
  const [script, setScript] = useState(saved)
  const isChanged = script !== saved
  const save = useSave('script', isChanged, props)
  const previews = usePreviews(campaign, script, me)
  const root = campaign.interactionSteps.find((step) => step.parentInteractionId === null)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void save.action.run({ interactionSteps: { ...(root ? { id: root.id } : { id: 'new' }), script } })
  }
  // What counts is the text as it goes out, so the longest of the samples.
  const longest = previews.map((preview) => preview.text).reduce((a, b) => (b.length > a.length ? b : a), previews.length > 0 ? '' : script)

  return (
    <form className="stack-loose" onSubmit={submit}>
      <div className="stack" style={{ gap: '0.5rem' }}>
        <ScriptEditor label={admin.script.label} value={script} customFields={campaign.customFields} onChange={setScript} />
        <Counter text={longest} hasSamples={previews.length > 0} />
      </div>
      <ScriptPreviews previews={previews} isEmpty={script.trim() === ''} />
      <SaveRow save={save} isChanged={isChanged} isNew={isNew} isWrong={script.trim() === ''} />
    </form>
  )
}

function Counter({ text: typed, hasSamples }: { text: string; hasSamples: boolean }) {
  const text = asSent(typed)
  const { encoding, segments } = countSegments(text)
  return (
    <>
      <div className={styles.foot}>
        <span>{admin.script.hint}</span>
        <span className="figures">{admin.script.counter(text.length, segments)} {hasSamples && text !== '' && admin.script.longest}</span>
      </div>
      {encoding === 'UCS-2' && <Notice tone="attention">{admin.script.ucs2(costlyCharacters(text).join(' '))}</Notice>}
      {text.length > config.maxMessageLength && <Notice tone="danger">{admin.script.tooLong(config.maxMessageLength)}</Notice>}
    </>
  )
}

import { has, type Column, type Field } from '../../lib/columns'
import { admin } from '../../text/admin'
import { Select, TextField } from '../../ui/Field'
import { Notice } from '../../ui/Surface'
import { problemOf, type ChosenFile } from './chosenFile'
import styles from './ColumnMapping.module.css'

const words = admin.columns
const FIELDS = Object.entries(words.fields) as [Field, string][]

interface Props {
  chosen: ChosenFile
  isDisabled: boolean
  onChange: (chosen: ChosenFile) => void
}

/** What each column of a file is, with its first values; anything can be said otherwise. */
export function ColumnMapping({ chosen, isDisabled, onChange }: Props) {
  const problem = problemOf(chosen)
  const change = (changed: Column) => {
    onChange({ ...chosen, isChanged: true, columns: chosen.columns.map((column) => (column.column === changed.column ? changed : column)) })
  }
  return (
    <section className="stack" aria-label={words.title}>
      <div>
        <h3>{words.title}</h3>
        <p className="quiet">{words.hint}</p>
      </div>
      <ul className={styles.list}>
        {chosen.columns.map((column) => (
          <li key={column.column} className={styles.row}>
            <ColumnChoice column={column} isDisabled={isDisabled} onChange={change} />
          </li>
        ))}
      </ul>
      {problem !== null && <Notice tone="danger">{problem}</Notice>}
      {problem === null && !has(chosen.columns, 'FIRST_NAME') && <Notice tone="attention">{words.noFirstName}</Notice>}
    </section>
  )
}

function ColumnChoice({ column, isDisabled, onChange }: { column: Column; isDisabled: boolean; onChange: (column: Column) => void }) {
  const { field, name, samples } = column
  return (
    <>
      <div className={styles.column}>
        <div className={styles.name}>{column.column}</div>
        <div className={styles.samples}>{samples.length === 0 ? words.noValues : samples.join(' · ')}</div>
      </div>
      <Select
        label={words.what(column.column)}
        isLabelHidden
        disabled={isDisabled}
        value={field ?? ''}
        onChange={(event) => { onChange({ ...column, field: event.target.value === '' ? null : (event.target.value as Field) }) }}
      >
        {FIELDS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        <option value="">{words.out}</option>
      </Select>
      {field === 'CUSTOM' && (
        <TextField
          label={words.called(column.column)}
          isLabelHidden
          disabled={isDisabled}
          autoComplete="off"
          value={name}
          onChange={(event) => { onChange({ ...column, name: event.target.value }) }}
        />
      )}
    </>
  )
}

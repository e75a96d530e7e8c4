import type { ReactNode } from 'react'
import { cx } from './cx'
import styles from './Table.module.css'

export interface Column<Row> {
  name: string
  cell: (row: Row) => ReactNode
  isNumber?: boolean
}

interface Props<Row> {
  caption: string
  columns: Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string | number
}

/** A table whose first column names its rows. Scrolls by itself where it is too wide. */
export function Table<Row>({ caption, columns, rows, keyOf }: Props<Row>) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={caption}>
      <table className={styles.table}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isNumber }) => <th key={name} scope="col" className={cx(isNumber && styles.number)}>{name}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, cell, isNumber }, index) =>
                index === 0
                  ? <th key={name} scope="row">{cell(row)}</th>
                  : <td key={name} className={cx(isNumber && styles.number)}>{cell(row)}</td>,
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

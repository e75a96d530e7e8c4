import { admin } from '../../text/admin'
import { Button } from '../../ui/Button'
import { ErrorNotice } from '../../ui/Surface'
import styles from './CampaignEdit.module.css'
import type { Save } from './useSave'

interface Props {
  save: Save
  isChanged: boolean
  isNew: boolean
  /** Something in the form is wrong. */
  isWrong?: boolean
}

/** The foot of every section. */
export function SaveRow({ save, isChanged, isNew, isWrong = false }: Props) {
  return (
    <>
      <ErrorNotice error={save.action.error} />
      <div className={styles.saveRow}>
        <Button type="submit" kind="primary" disabled={isWrong || (!isChanged && !isNew)} isBusy={save.action.isRunning}>
          {isNew ? admin.edit.saveNext : admin.edit.save}
        </Button>
        <span className="quiet" role="status">{isChanged ? admin.edit.changed : save.isSaved && admin.edit.saved}</span>
      </div>
    </>
  )
}

import { useState } from 'react'
import { admin } from '../../text/admin'
import { common } from '../../text/common'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { CheckIcon, CopyIcon } from '../../ui/icons'
import { Card } from '../../ui/Surface'
import styles from './CampaignStats.module.css'

const COPIED_MS = 2_000

/** The link that makes people texters of this campaign. */
export function JoinLink({ url }: { url: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(url)
    setCopied(true)
    setTimeout(() => { setCopied(false) }, COPIED_MS)
  }
  return (
    <Card aria-label={admin.stats.invite}>
      <div className={styles.link}>
        <TextField label={admin.stats.invite} hint={admin.stats.inviteHint} readOnly value={url} onFocus={(event) => { event.target.select() }} />
        <Button onClick={() => void copy()}>
          {isCopied ? <CheckIcon /> : <CopyIcon />} <span role="status">{isCopied ? common.copied : admin.stats.copy}</span>
        </Button>
      </div>
    </Card>
  )
}

import { useSyncExternalStore } from 'react'
import { common } from '../text/common'
import styles from './ConnectionNotice.module.css'

function subscribe(onChange: () => void) {
  window.addEventListener('online', onChange)
  window.addEventListener('offline', onChange)
  return () => {
    window.removeEventListener('online', onChange)
    window.removeEventListener('offline', onChange)
  }
}

/** Says so while the browser knows that it is offline. */
export function ConnectionNotice() {
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine)
  return isOnline ? null : <div className={styles.notice} role="status">{common.offline}</div>
}

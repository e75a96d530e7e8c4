import { texter } from '../../text/texter'
import { Notice } from '../../ui/Surface'
import type { SendQueue } from './sendQueue'

const SHOWN = 3

/** Whom the line passed over and why, the newest first. */
export function SendNotes({ skipped }: { skipped: SendQueue['skipped'] }) {
  if (skipped.length === 0) return null
  const newest = skipped.slice(-SHOWN).reverse()
  return (
    <Notice tone="attention" title={texter.send.skippedTitle(skipped.length)}>
      <ul>
        {newest.map(({ name, code }, index) => (
          <li key={skipped.length - index}>{texter.send.skipped(name, texter.send.reasons[code] ?? '')}</li>
        ))}
      </ul>
    </Notice>
  )
}

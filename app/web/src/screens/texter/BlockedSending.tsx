import { texter } from '../../text/texter'
import { ButtonLink } from '../../ui/Button'
import { StopIcon } from '../../ui/icons'
import { State } from '../../ui/Surface'
import type { Block } from './sendQueue'

const WORDS: Record<Block, { title: string; text: string; hasConversations: boolean }> = {
  closed: { title: texter.send.closedTitle, text: texter.send.closedText, hasConversations: true },
  over: { title: texter.send.overTitle, text: texter.send.overText, hasConversations: false },
  suspended: { title: texter.send.suspendedTitle, text: texter.send.suspendedText, hasConversations: false },
  changed: { title: texter.send.changedTitle, text: texter.send.changedText, hasConversations: false },
}

/** Why no first text can be sent any more, and the way on. */
export function BlockedSending({ block, base, assignmentId }: { block: Block; base: string; assignmentId: string }) {
  const { title, text, hasConversations } = WORDS[block]
  return (
    <div role="alert">
      <State
        icon={<StopIcon size={28} />}
        tone="attention"
        title={title}
        actions={
          <>
            {hasConversations && <ButtonLink kind="primary" to={`${base}/${assignmentId}/conversations`}>{texter.card.conversations}</ButtonLink>}
            <ButtonLink kind={hasConversations ? 'secondary' : 'primary'} to={base}>{texter.backToTodos}</ButtonLink>
          </>
        }
      >
        {text}
      </State>
    </div>
  )
}

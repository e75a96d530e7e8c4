import { useCallback, useState } from 'react'
import { useNavigate } from 'react-router'
import { request } from '../../api/client'
import { useAction } from '../../api/useAction'
import { count, daysUntil, dayWords } from '../../lib/time'
import { texter } from '../../text/texter'
import { Button, ButtonLink } from '../../ui/Button'
import { cx } from '../../ui/cx'
import { Card, ErrorNotice, Notice } from '../../ui/Surface'
import styles from './AssignmentCard.module.css'
import { offerOf, type Todo } from './todo'
import { FindNewCampaignContact } from './Todos.generated'

export function AssignmentCard({ todo, base, onChange }: { todo: Todo; base: string; onChange: () => void }) {
  const { campaign, contactCounts: counts } = todo
  const offer = offerOf(todo)
  return (
    <Card className={styles.card} aria-label={campaign.title}>
      <div>
        <h2>{campaign.title}</h2>
        {campaign.description !== '' && <p>{campaign.description}</p>}
        {campaign.dueBy !== null && (
          <p className="quiet">{texter.card.due(dayWords(campaign.dueBy))} ({daysUntil(campaign.dueBy, new Date())})</p>
        )}
      </div>
      <dl className={styles.counts}>
        {campaign.status === 'ACTIVE' && <Count label={texter.card.toSend} value={counts.needsMessage} />}
        <Count label={texter.card.waiting} value={counts.needsResponse} isWaiting={counts.needsResponse > 0} />
      </dl>
      {offer.note !== null && <Notice>{offer.note}</Notice>}
      <Actions todo={todo} base={`${base}/${todo.id}`} onChange={onChange} />
    </Card>
  )
}

function Count({ label, value, isWaiting = false }: { label: string; value: number; isWaiting?: boolean }) {
  return (
    <div className={cx(isWaiting && styles.isWaiting)}>
      <dt>{label}</dt>
      <dd>{count(value)}</dd>
    </div>
  )
}

function Actions({ todo, base, onChange }: { todo: Todo; base: string; onChange: () => void }) {
  const { first, hasConversations } = offerOf(todo)
  const { needsMessage, needsResponse } = todo.contactCounts
  const batch = useBatch(todo.id, `${base}/text`, onChange)
  return (
    <>
      <ErrorNotice error={batch.error} />
      {batch.isEmpty && <Notice tone="attention">{texter.card.noneFree}</Notice>}
      {(first !== null || hasConversations) && (
        <div className={styles.actions}>
          {first === 'send' && <ButtonLink kind="primary" to={`${base}/text`}>{texter.card.finishFirst(needsMessage)}</ButtonLink>}
          {first === 'request' && (
            <Button kind="primary" isBusy={batch.isRunning} onClick={() => void batch.run()}>
              {hasConversations ? texter.card.getMore : texter.card.getContacts}
            </Button>
          )}
          {hasConversations && (
            <ButtonLink kind={first === null && needsResponse > 0 ? 'primary' : 'secondary'} to={`${base}/conversations`}>
              {needsResponse > 0 ? texter.card.answer(needsResponse) : texter.card.conversations}
            </ButtonLink>
          )}
        </div>
      )}
    </>
  )
}

/** Asks for a batch of contacts and goes on to text them. */
export function useBatch(assignmentId: string, textPath: string, onChange: () => void) {
  const navigate = useNavigate()
  const [isEmpty, setEmpty] = useState(false)
  const action = useAction(
    useCallback(async () => {
      const { findNewCampaignContact: batch } = await request(FindNewCampaignContact, { assignmentId })
      setEmpty(!batch.found)
      onChange()
      if (batch.found) await navigate(textPath)
    }, [assignmentId, textPath, navigate, onChange]),
  )
  return { ...action, isEmpty }
}

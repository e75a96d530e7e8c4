import { useEffect } from 'react'
import { useQuery } from '../../api/useQuery'
import { hoursOf, hoursWords } from '../../lib/hours'
import { texter } from '../../text/texter'
import { Button, ButtonLink } from '../../ui/Button'
import { CheckIcon, ClockIcon } from '../../ui/icons'
import { ErrorNotice, ErrorState, Loading, Notice, State } from '../../ui/Surface'
import { useBatch } from './AssignmentCard'
import type { SendingAssignment } from './InitialSend'
import { InitialSend } from './InitialSend.generated'

/** The end of the line: everything sent, or the rest has to wait for texting hours. */
export function DoneSending({ assignment, base }: { assignment: SendingAssignment; base: string }) {
  const { data, error, refetch } = useQuery(InitialSend, { assignmentId: assignment.id })
  const fresh = data?.assignment
  if (!fresh) return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading rows={1} />
  return fresh.contactCounts.needsMessage > 0 ? <Later assignment={fresh} base={base} /> : <AllSent assignment={fresh} base={base} />
}

function Later({ assignment, base }: { assignment: SendingAssignment; base: string }) {
  const hours = hoursOf(assignment.campaign)
  return (
    <State
      icon={<ClockIcon size={28} />}
      tone="attention"
      title={texter.send.laterTitle}
      actions={
        <>
          <ButtonLink kind="primary" to={`${base}/${assignment.id}/conversations`}>{texter.card.conversations}</ButtonLink>
          <ButtonLink to={base}>{texter.backToTodos}</ButtonLink>
        </>
      }
    >
      {texter.send.laterText(assignment.contactCounts.needsMessage, hours ? hoursWords(hours) : '')}
    </State>
  )
}

function AllSent({ assignment, base }: { assignment: SendingAssignment; base: string }) {
  const { needsResponse } = assignment.contactCounts
  // Somebody waits for an answer: that comes before more first texts.
  const canRequest = assignment.hasUnassignedContactsForTexter && needsResponse === 0
  const batch = useBatch(assignment.id, `${base}/${assignment.id}/text`, noop)
  useEffect(() => {
    document.getElementById('main')?.focus()
  }, [])
  return (
    <>
      <ErrorNotice error={batch.error} />
      {batch.isEmpty && <Notice tone="attention">{texter.card.noneFree}</Notice>}
      <State
        icon={<CheckIcon size={32} />}
        title={texter.send.doneTitle}
        actions={
          <>
            <ButtonLink kind={needsResponse > 0 ? 'primary' : 'secondary'} to={`${base}/${assignment.id}/conversations`}>
              {needsResponse > 0 ? texter.card.answer(needsResponse) : texter.card.conversations}
            </ButtonLink>
            {canRequest && <Button kind="primary" isBusy={batch.isRunning} onClick={() => void batch.run()}>{texter.card.getMore}</Button>}
          </>
        }
      >
        {texter.send.doneText}
      </State>
    </>
  )
}

function noop(): void {
  // The next screen loads for itself.
}

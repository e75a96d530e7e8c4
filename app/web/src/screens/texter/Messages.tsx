import { useEffect, useRef } from 'react'
import { clockTime } from '../../lib/time'
import { texter } from '../../text/texter'
import { cx } from '../../ui/cx'
import { WarningIcon } from '../../ui/icons'
import styles from './Conversations.module.css'
import type { Contact } from './ThreadPane'

type Message = Contact['messages'][number]

/** Nearer than this to the end, new messages keep the end in sight. */
const NEAR = 40

/** What was said, the newest at the bottom and in sight. */
export function Messages({ messages }: { messages: Message[] }) {
  const list = useRef<HTMLOListElement>(null)
  const isAtEnd = useRef(true)
  const now = new Date()
  useEffect(() => {
    const element = list.current
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight
  }, [messages.length])
  return (
    // Scrolled by keyboard too, so it can be focused.
    <ol
      ref={list}
      className={styles.messages}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
      tabIndex={0}
      aria-label={texter.talk.list}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR
      }}
    >
      {messages.map((message) => (
        <li key={message.id} className={cx(styles.message, message.isFromContact ? styles.theirs : styles.ours)}>
          {!message.isFromContact && <span className="visually-hidden">{texter.talk.you}</span>}
          {message.text !== '' && <p><Linked text={message.text} /></p>}
          {message.attachments.map(({ url, contentType }) => (
            <p key={url}>
              <a href={url} target="_blank" rel="noreferrer noopener">
                {contentType.startsWith('image/') ? texter.talk.picture : texter.talk.file}
              </a>
            </p>
          ))}
          <Meta message={message} now={now} />
        </li>
      ))}
    </ol>
  )
}

function Meta({ message, now }: { message: Message; now: Date }) {
  const time = clockTime(message.createdAt, now)
  if (message.isFromContact) return <span className={styles.meta}>{time}</span>
  if (message.sendStatus === 'ERROR') {
    return (
      <span className={cx(styles.meta, styles.failed)}>
        <WarningIcon size={14} /> {time} · {message.errorCode === null ? texter.talk.sendStates.ERROR : texter.talk.errorCode(message.errorCode)}
      </span>
    )
  }
  return <span className={styles.meta}>{time} · {texter.talk.sendStates[message.sendStatus] ?? message.sendStatus}</span>
}

/** Addresses of pages can be followed, in another tab. */
function Linked({ text }: { text: string }) {
  return text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,!?)])/).map((part, index) =>
    index % 2 === 1 ? <a key={index} href={part} target="_blank" rel="noreferrer noopener">{part}</a> : part,
  )
}

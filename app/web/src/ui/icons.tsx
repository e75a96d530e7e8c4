import type { ReactNode } from 'react'

/** Line icons on a grid of 24, drawn in the colour of the text beside them. */
function icon(content: ReactNode) {
  return function Icon({ size = 20 }: { size?: number }) {
    return (
      <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={2} strokeLinecap="round" strokeLinejoin="round" aria-hidden focusable="false">
        {content}
      </svg>
    )
  }
}

export const BackIcon = icon(<path d="M15 5l-7 7 7 7" />)
export const CheckIcon = icon(<path d="M4 12.5l5.5 5.5L20 6.5" />)
export const ChevronIcon = icon(<path d="M6 9l6 6 6-6" />)
export const CloseIcon = icon(<path d="M6 6l12 12M18 6L6 18" />)
export const CopyIcon = icon(<><rect x="9" y="9" width="11" height="11" rx="2" /><path d="M5 15V6a2 2 0 0 1 2-2h9" /></>)
export const ClockIcon = icon(<><circle cx="12" cy="12" r="9" /><path d="M12 7v5l3 2" /></>)
export const DownIcon = icon(<path d="M12 4v12m-5-5l5 5 5-5M5 20h14" />)
export const FileIcon = icon(<path d="M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5M9 13h6M9 17h4" />)
export const InboxIcon = icon(<path d="M3 13h5l1.5 3h5L16 13h5M5 5h14l2 8v5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-5z" />)
export const InfoIcon = icon(<><circle cx="12" cy="12" r="9" /><path d="M12 11v5M12 8h.01" /></>)
export const LinkIcon = icon(<path d="M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1" />)
export const MenuIcon = icon(<path d="M4 7h16M4 12h16M4 17h16" />)
export const MoreIcon = icon(<path d="M5 12h.01M12 12h.01M19 12h.01" />)
export const PeopleIcon = icon(<><circle cx="9" cy="8" r="3.5" /><path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.2a6.5 6.5 0 0 1 3.5 5.8" /></>)
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />)
export const ReplyIcon = icon(<path d="M4 6a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H6a2 2 0 0 1-2-2z" />)
export const SearchIcon = icon(<><circle cx="11" cy="11" r="6.5" /><path d="M16 16l4.5 4.5" /></>)
export const SendIcon = icon(<path d="M4 12l16-8-6 16-3-7z" />)
export const StopIcon = icon(<><circle cx="12" cy="12" r="9" /><path d="M5.7 5.7l12.6 12.6" /></>)
export const UserIcon = icon(<><circle cx="12" cy="8" r="4" /><path d="M4.5 20.5a7.5 7.5 0 0 1 15 0" /></>)
export const WarningIcon = icon(<path d="M12 4L2.8 19.5h18.4zM12 10v4M12 17h.01" />)

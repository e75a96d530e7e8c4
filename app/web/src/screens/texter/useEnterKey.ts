import { useEffect, useRef } from 'react'

/** Controls that have their own use for the Enter key. */
const OTHERS = 'a, button:not([data-enter]), input, textarea, select, [role="dialog"], [role="menu"]'

/**
 * Enter anywhere on the screen, acting when the key comes up: holding it down acts once. Only a
 * press that began on this screen counts, so the Enter that opened the screen does nothing.
 */
export function useEnterKey(act: () => void, isActive: boolean): void {
  const pressed = useRef(false)
  useEffect(() => {
    if (!isActive) return
    const isOurs = (event: KeyboardEvent) => event.key === 'Enter' && !(event.target instanceof Element && event.target.closest(OTHERS))
    const onDown = (event: KeyboardEvent) => {
      if (!isOurs(event)) return
      // A focused button would act on key down, again and again while the key is held.
      event.preventDefault()
      if (!event.repeat) pressed.current = true
    }
    const onUp = (event: KeyboardEvent) => {
      if (event.key !== 'Enter') return
      const wasPressed = pressed.current
      pressed.current = false
      if (wasPressed && isOurs(event)) act()
    }
    document.addEventListener('keydown', onDown)
    document.addEventListener('keyup', onUp)
    return () => {
      document.removeEventListener('keydown', onDown)
      document.removeEventListener('keyup', onUp)
    }
  }, [act, isActive])
}

/** Says something to screen readers without moving the focus. The region is in `App`. */
export function announce(words: string): void {
  const region = document.getElementById('announcements')
  if (!region) return
  // The same words twice are only read again when the region was empty in between.
  region.textContent = ''
  setTimeout(() => {
    region.textContent = words
  }, 50)
}

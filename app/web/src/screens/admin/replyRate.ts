/** Replies without opt-outs among those messaged, in percent with one decimal; a dash while nobody is. */
export function replyRate({ messagedCount, repliedCount, optOutsCount }: { messagedCount: number; repliedCount: number; optOutsCount: number }): string {
  if (messagedCount === 0) return '–'
  return `${((Math.max(0, repliedCount - optOutsCount) / messagedCount) * 100).toFixed(1)} %`
}

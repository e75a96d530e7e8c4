/** Before all tests: an instance, unless SPOKE_INSTANCE names one that runs already. */
import { start, stop } from './instance.ts'

export default async function setup(): Promise<() => Promise<void>> {
  if (process.env['SPOKE_INSTANCE'] !== undefined) return async () => {}
  try {
    process.env['SPOKE_INSTANCE'] = JSON.stringify(await start())
  } catch (error) {
    await stop().catch(() => undefined)
    throw error
  }
  return stop
}

/** A contact file with a row that is no phone number and a row that is there already. */
import { createHash } from 'node:crypto'

export interface Contacts {
  csv: string
  /** Those that can be loaded, in the order of the file. */
  names: string[]
}

const FIRST = ['Ana', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gus', 'Hana', 'Ivo', 'Jo', 'Kim', 'Lea']
const COLORS = ['red', 'green', 'blue']
/** `DROP_MESSAGE_RATIO` of the stage: these texts are dropped, and get no simulated reply. */
const DROPPED = 0.5
/** One to answer, one to skip, one to opt out, and some for good measure. */
const ANSWERING = 5

/** Numbers nobody else in this run has: another opt-out would change the counts. */
export function contacts(): Contacts {
  const cells = chooseCells()
  const rows = FIRST.map((name, index) => `${name},Tester,${shown(cells[index] ?? '')},${COLORS[index % COLORS.length] ?? ''}`)
  rows.splice(3, 0, 'Nobody,Wrong,12345,grey')
  rows.push(`Twice,Tester,${cells[0] ?? ''},red`)
  return { csv: ['firstName,lastName,cell,favoriteColor', ...rows, ''].join('\n'), names: FIRST }
}

/** Consecutive numbers of which enough are answered; which are dropped is told by their digest. */
function chooseCells(): string[] {
  for (;;) {
    const start = 2_122_000_000 + Math.floor(Math.random() * 3_000_000)
    const cells = FIRST.map((_, index) => `+1${String(start + index)}`)
    if (cells.filter((cell) => shareOf(cell) >= DROPPED).length >= ANSWERING) return cells
  }
}

function shareOf(cell: string): number {
  return Number.parseInt(createHash('sha256').update(cell).digest('hex').slice(0, 8), 16) / 2 ** 32
}

/** As people write numbers. */
function shown(cell: string): string {
  return `(${cell.slice(2, 5)}) ${cell.slice(5, 8)}-${cell.slice(8)}`
}

/** A whole instance of its own: `spokectl up` in a copy of the working tree. */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const repository = path.resolve(import.meta.dirname, '../..')
const tree = path.join(repository, '.spoke/tests/browser')
const target = process.env['CARGO_TARGET_DIR'] ?? path.join(repository, 'target')

/** What `spokectl up --output json` tells. */
export interface Up {
  url: string
  endpoint: string
  region: string
  accounts: Account[]
}

export interface Account {
  role: string
  email: string
  password: string
}

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** One command of `spokectl`, to its end. */
export function spokectl(...words: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(target, 'debug/spokectl'), words, {
      cwd: tree,
      // What is built here changes release by release, and needs no lints.
      env: {
        ...process.env,
        NO_COLOR: '1',
        CARGO_TARGET_DIR: target,
        CARGO_INCREMENTAL: '1',
        RUSTC_WORKSPACE_WRAPPER: '',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code: code ?? -1, stdout, stderr })
    })
  })
}

/** The same; anything but success is an error that holds what it said. */
export async function spokectlMust(...words: string[]): Promise<Ended> {
  const ended = await spokectl(...words)
  if (ended.code !== 0) {
    throw new Error(`spokectl ${words.join(' ')} ended with ${String(ended.code)}\n${ended.stdout}\n${ended.stderr}`)
  }
  return ended
}

/** Copies the working tree and brings the instance up in it, from nothing. */
export async function start(): Promise<Up> {
  await run(path.join(repository, 'tests/copy'), [tree])
  await spokectl('down')
  const { stdout } = await spokectlMust('up', '--detach', '--fresh', '--output', 'json')
  return JSON.parse(stdout) as Up
}

/** Stops it; what it keeps stays, for whoever wants to look. */
export async function stop(): Promise<void> {
  if (existsSync(tree)) await spokectlMust('down')
}

/** The instance the tests run against. */
export function instance(): Up {
  const up = process.env['SPOKE_INSTANCE']
  if (up === undefined) throw new Error('no instance: setup.ts starts it')
  return JSON.parse(up) as Up
}

export function account(role: string): Account {
  const found = instance().accounts.find((each) => each.role.toLowerCase() === role.toLowerCase())
  if (!found) throw new Error(`the instance has no account with role ${role}`)
  return found
}

/** Replaces words, which must be there, in a file of the copy. */
export async function edit(file: string, from: string, to: string): Promise<void> {
  const full = path.join(tree, file)
  const text = await readFile(full, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  await writeFile(full, text.replace(from, to))
}

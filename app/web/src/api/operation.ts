/** A GraphQL operation as text, carrying the types of its result and variables. */
export interface Operation<Result, Variables> {
  readonly name: string
  readonly text: string
  /** Only for the type checker; never set. */
  readonly types?: (variables: Variables) => Result
}

export function operation<Result, Variables>(name: string, text: string): Operation<Result, Variables> {
  return { name, text }
}

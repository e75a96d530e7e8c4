import { describe, expect, test } from 'vitest'
import vectors from '../../../script-vectors.json'
import { parseCustomFields, renderScript, scriptPieces, unknownFields, type ScriptContact } from './script'

describe('the vectors shared with the server', () => {
  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const rendered = renderScript(vector.script, vector.contact as unknown as ScriptContact, vector.texter)
    expect(rendered).toEqual({ text: vector.text, unknownFields: vector.unknownFields, missingFields: vector.missingFields })
  })
})

test('the editor reports a field that neither catalogue nor campaign knows', () => {
  expect(unknownFields('{first_name} {city} {town}', ['city'])).toEqual(['town'])
})

test('pieces put together are the script again', () => {
  const script = 'Hi {first_name}, {town} {city}{'
  const pieces = scriptPieces(script, ['city'])
  expect(pieces.map((piece) => piece.text).join('')).toBe(script)
  expect(pieces.map((piece) => piece.kind)).toEqual(['plain', 'known', 'plain', 'unknown', 'plain', 'known', 'plain'])
})

test.each(['', 'null', '[]', '"x"', '{oops'])('custom fields that are no object count as none: %j', (json) => {
  expect(parseCustomFields(json)).toEqual({})
})

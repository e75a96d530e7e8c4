import { expect, test } from 'vitest'
import vectors from '../../../segment-vectors.json'
import { asSent, costlyCharacters, countSegments } from './segments'

test.each(vectors.map((vector) => [vector.text.slice(0, 20), vector] as const))('%j…', (_, vector) => {
  const { encoding, units, segments } = countSegments(vector.text)
  expect({ encoding, units, segments }).toEqual({
    encoding: vector.encoding,
    units: vector.units,
    segments: vector.segments,
  })
})

test('what fits is what is left before another segment begins', () => {
  expect(countSegments('a'.repeat(150)).left).toBe(10)
  expect(countSegments('a'.repeat(161)).left).toBe(145)
})

test('names the characters that make a text expensive, once each', () => {
  expect(costlyCharacters('It’s “on” – it’s 🎉')).toEqual(['’', '“', '”', '–', '🎉'])
})

test('curly apostrophes go out as plain ones and cost nothing', () => {
  expect(asSent(' It’s ‘on’ ')).toBe("It's 'on'")
  expect(countSegments(asSent('It’s on')).encoding).toBe('GSM-7')
})

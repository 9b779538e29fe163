/** The sections of a WebAssembly module (core specification, chapter 5.5), as bytes. */

import { unsigned } from './leb.ts';

export interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

export const sectionIds = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** The order that a module has to keep. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

/** "\0asm" and version 1. */
export const HEADER = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** A section's content; undefined where there is none. */
export function contentOf(sections: readonly Section[], id: number): Uint8Array | undefined {
  return sections.find((each) => each.id === id)?.content;
}

/** Sections in their order. */
export function inOrder(sections: readonly Section[]): readonly Section[] {
  return [...sections].sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id));
}

export function encodeSection({ id, content }: Section): Uint8Array<ArrayBuffer> {
  return withLength([id], content);
}

/** `head`, then the length of `content` and `content`. */
export function withLength(head: readonly number[], content: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatenate([Uint8Array.from([...head, ...unsigned(content.length)]), content]);
}

/** The type i32. */
export const I32 = 0x7f;
/** Ends an expression. */
export const END = Uint8Array.from([0x0b]);

/** The type of a function of so many parameters and results, all i32. */
export function typeOf(parameters: number, results: number): Uint8Array {
  const list = (length: number): Uint8Array => withLength([], new Uint8Array(length).fill(I32));
  return concatenate([Uint8Array.from([0x60]), list(parameters), list(results)]);
}

/** The number of items, then the items. */
export function vector(items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concatenate([Uint8Array.from(unsigned(items.length)), ...items]);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What a failing property prints to see it again. */

import { expect, it } from 'vitest';
import { operatorProperties, propertyName } from './properties.ts';
import { namePattern } from './property.ts';

const names = operatorProperties.flatMap((each) =>
  ['fastpath', 'fastpath-relaxed'].map((backend) => `${propertyName(each)}, ${backend}`),
);

it('names one property alone', () => {
  for (const name of names) {
    const pattern = new RegExp(namePattern(name));
    expect(names.filter((each) => pattern.test(each))).toEqual([name]);
    // Groups go before it.
    expect(pattern.test(`$name ${name}`)).toBe(true);
  }
});

it('takes no sign of a name as one of a pattern', () => {
  expect(namePattern('a (b) + c?')).toBe('(^| )a \\(b\\) \\+ c\\?$');
});

import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** Buttons and small words of every screen, and how figures and times are said. */
export const common = {
  cancel: 'Cancel',
  close: 'Close',
  back: 'Back',
  more: 'More',
  copy: 'Copy',
  unknown: 'unknown',
  withoutName: 'without a name',
  noneYet: 'none yet',
  never: 'never',
  now: 'now',
  /** Bytes, and their multiples by a thousand. */
  units: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'],
  perSecond: (amount: string) => `${amount}/s`,
  percent: (figure: string) => `${figure} %`,
  milliseconds: (figure: string) => `${figure} ms`,
  seconds: (figure: string) => `${figure} s`,
  /** How long something lasts. */
  span: { s: (n: number) => `${n} s`, min: (n: number) => `${n} min`, h: (n: number) => `${n} h`, days: (n: number) => count(n, { one: '# day', other: '# days' }) },
  spans: (longer: string, shorter: string) => `${longer} ${shorter}`,
  ago: { s: (n: number) => `${n} s ago`, min: (n: number) => `${n} min ago`, h: (n: number) => `${n} h ago`, days: (n: number) => count(n, { one: '# day ago', other: '# days ago' }) },
  ahead: { s: (n: number) => `in ${n} s`, min: (n: number) => `in ${n} min`, h: (n: number) => `in ${n} h`, days: (n: number) => count(n, { one: 'in # day', other: 'in # days' }) },
  /** A part of a whole: `3 GB of 8 GB`. */
  ofTotal: (used: string, total: string) => `${used} of ${total}`,
  inUse: (name: string) => `${name} in use`,
  shareUsed: (share: string) => `${share} used`,
  copyOf: (name: string, value: string) => `Copy ${name}: ${value}`,
  copied: (name: string) => `Copied ${name}.`,
  notCopied: (name: string) => ({ what: `The system did not allow copying ${name}.`, next: 'Select the text and copy it by hand.' }),
  closeMessage: 'Close this message',
};

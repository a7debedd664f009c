import { type RaftAcl } from './statements.ts';

/**
 * May a node vote, or observe? Rows are asked in the order of their names, and the first whose patterns match decides. Rows that
 * exist but do not match deny. Without any row everybody may: a mesh that was never given a list is open to whoever can join it.
 */
export function mayTakePart(acls: readonly RaftAcl[], nodeId: string, as: 'voter' | 'observer'): boolean {
  if (acls.length === 0) return true;
  const decisive = acls.find(({ patterns }) => patterns.some((pattern) => matches(pattern, nodeId)));
  return decisive?.[as] ?? false;
}

/** `*` stands for any run of characters; everything else for itself; the whole id must match. */
export function matches(pattern: string, id: string): boolean {
  const parts = pattern.split('*');
  const [head = '', ...rest] = parts;
  if (rest.length === 0) return pattern === id;
  const tail = rest.pop() ?? '';
  if (id.length < head.length + tail.length || !id.startsWith(head) || !id.endsWith(tail)) return false;
  let at = head.length;
  const end = id.length - tail.length;
  for (const part of rest) {
    const found = id.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

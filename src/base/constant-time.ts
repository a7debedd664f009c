/**
 * Whether two byte strings are equal, in a time that depends on their lengths alone. Give it digests of what a stranger may guess:
 * then not even a fault of this loop would tell anything about the value behind them.
 */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i % Math.max(1, b.length)] ?? 0);
  return difference === 0;
}

/** How many runs may be spent on making one input shorter. */
const runsMax = 3_000;

/**
 * The shortest input found that `fails` in the same way: blocks are left out, the longest first (delta debugging, Zeller 2002), then bytes
 * are replaced by plainer ones.
 */
export async function minimise(input: Uint8Array, fails: (candidate: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let best = input;
  let runs = 0;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (runs++ >= runsMax || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.length / 2); size >= 1 && runs < runsMax; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && runs < runsMax; ) {
      if (!(await attempt(Buffer.concat([best.subarray(0, at), best.subarray(at + size)])))) at += size;
    }
  }
  for (let at = 0; at < best.length && runs < runsMax; at++) {
    if (best[at] === 0x30) continue;
    const plain = new Uint8Array(best);
    plain[at] = 0x30;
    await attempt(plain);
  }
  return best;
}

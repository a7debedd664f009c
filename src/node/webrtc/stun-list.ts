const urlsMax = 4;
const pattern = /^stun:(?:\[[0-9a-fA-F:.]{2,64}\]|[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?$/;

/** Of a list that others gave: STUN servers (RFC 7064), a few. TURN is left out, because credentials do not travel here. */
export function stunServers(list: readonly string[]): readonly string[] {
  return [...new Set(list.filter((url) => pattern.test(url)))].slice(0, urlsMax);
}

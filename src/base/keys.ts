/** WireGuard keys as text: standard base64 with padding, 32 bytes, 44 characters. */
const keyPattern = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** True for the text of any 32-byte key. */
export function isKey(text: string): boolean {
  return keyPattern.test(text);
}

/** The form that the WireGuard UAPI wants: 64 lower-case hex digits. */
export function keyToHex(base64: string): string {
  return Array.from(atob(base64), (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** 64 hex digits back to base64. What is no hex digit is left out, so that another text gives no key. */
export function keyFromHex(hex: string): string {
  const bytes = hex.match(/[0-9a-f]{2}/gi) ?? [];
  return btoa(String.fromCharCode(...bytes.map((b) => Number.parseInt(b, 16))));
}

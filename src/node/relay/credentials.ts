import { createHmac } from 'node:crypto';
import { Secret } from '../../base/log.ts';
import { type Random } from '../../base/random.ts';

/** Half a day: longer than any path is kept without a new look, short enough that a name that leaked is soon worth nothing. */
export const credentialLifeMs = 12 * 3_600_000;
const usersMax = 4_096;

export interface RelayCredential {
  readonly username: string;
  readonly credential: string;
  readonly expiresMs: number;
}

/**
 * Names and passwords for this node's TURN server that end by themselves: the name is its end in seconds since 1970 and a user, the password
 * HMAC-SHA1 of the name under a secret of this start (draft-uberti-behave-turn-rest-00; coturn and browsers know it). On the wire the user is
 * a pseudonym: names of devices do not travel in clear.
 */
export interface RelayCredentials {
  readonly secret: Secret;
  issue(deviceId: string, nowMs: number): RelayCredential;
  /** Whose pseudonym this is; undefined for one that was not issued since the start, or too long ago among too many. */
  deviceOf(user: string): string | undefined;
}

export function createRelayCredentials(random: Random): RelayCredentials {
  const secret = Buffer.from(random.bytes(32)).toString('base64url');
  const devices = new Map<string, string>();
  const remember = (user: string, deviceId: string): void => {
    devices.delete(user);
    devices.set(user, deviceId);
    const [oldest] = devices.keys();
    if (devices.size > usersMax && oldest !== undefined) devices.delete(oldest);
  };
  return {
    secret: new Secret(secret),
    issue: (deviceId, nowMs) => {
      const user = createHmac('sha256', secret).update(`user ${deviceId}`).digest('base64url').slice(0, 16);
      remember(user, deviceId);
      const expiresMs = Math.floor((nowMs + credentialLifeMs) / 1_000) * 1_000;
      const username = `${expiresMs / 1_000}:${user}`;
      return { username, credential: createHmac('sha1', secret).update(username).digest('base64'), expiresMs };
    },
    deviceOf: (user) => devices.get(user),
  };
}

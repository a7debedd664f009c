/**
 * A link or a file from elsewhere: it may hold options of ours, of Chromium or of Node.js, paths to other machines, commands, names that hide.
 * Before a person consents, nothing may happen: reading an invite dials, stores and opens nothing.
 */
import { invitationOf, readInvite, writeInvite } from '../../../src/core/trust/invite.ts';
import { handedBy, readArguments } from '../../../src/main/arguments.ts';
import { pki } from '../../../src/platform/pki.ts';
import { type Attack, demand } from '../attack.ts';

const invite = {
  networkName: 'home', endpoints: [{ nodeId: 'host', address: '203.0.113.1:8443' }], rootFingerprint: new Uint8Array(32).fill(1), inviteId: 'abcdefgh01234567',
  token: new Uint8Array(32).fill(2), role: 'member' as const, expiresAtMs: 1_800_000_000_000, invitedBy: 'host', needsApproval: false,
};
const good = writeInvite(invite, pki.digest);
const folder = '/home/somebody';

async function goodLinkWorks(): Promise<void> {
  const handed = handedBy(['--hidden', good], folder);
  demand(handed?.kind === 'link' && readInvite(handed.link, pki.digest).networkName === 'home', 'a good link is taken');
  demand(readArguments(['--home', '/x', good]).home === '/x', 'own options before a link count');
}

const injected = [
  `${good} --home=/tmp/evil`, 'webmesh://join/AAAA --no-sandbox', 'webmesh://join/AAAA%20--helper-socket=/tmp/x', 'webmesh://join/AAAA?x=1', 'webmesh://join/AAAA#x', 'webmesh://join/../../etc/passwd', 'webmesh://evil/AAAA', 'webmesh:join/AAAA',
  'webmesh://join/AAAA;rm -rf', 'webmesh://join/$(id)', 'webmesh://user:pass@join/AAAA', 'webmesh://join:99/AAAA', 'WEBMESH://JOIN/..', ' webmesh://join/AA AA', `webmesh://join/${'A'.repeat(5_000)}`, 'webmesh://join/AAAA\n--home=/tmp/evil', 'webmesh://join/\u202eAAAA',
];
const files = ['\\\\evil.example\\share\\x.webmesh-invite', 'file://evil.example/x.webmesh-invite', 'file:///%00.webmesh-invite', '-x.webmesh-invite', 'x\0.webmesh-invite', 'http://evil.example/x.webmesh-invite'];

export const deepLink: readonly Attack[] = [
  {
    name: 'deep-link-injection', aim: 'deep link', expected: 'no option, no link, no file of another machine', counter: goodLinkWorks,
    attack: async () => {
      const bad: string[] = [];
      for (const link of injected) {
        const handed = handedBy([link, '--home', '/tmp/evil'], folder);
        const readable = handed?.kind === 'link' && reads(handed.link);
        const { home, helperSocket } = readArguments([link, '--home', '/tmp/evil', '--helper-socket=/tmp/x']);
        if (readable || handed?.kind === 'file' || home !== undefined || helperSocket !== undefined) bad.push(link.slice(0, 60));
      }
      for (const file of files) {
        const handed = handedBy([file], folder);
        if (handed?.kind === 'link' || (handed?.kind === 'file' && !handed.path.startsWith(folder))) bad.push(file);
      }
      return bad.length === 0 ? 'no option, no link, no file of another machine' : bad.join(' | ');
    },
  },
  {
    name: 'deep-link-changed', aim: 'invite', expected: 'every changed link is refused', counter: goodLinkWorks,
    attack: async () => {
      const taken: string[] = [];
      for (let at = 'webmesh://join/'.length; at < good.length; at++) {
        for (const letter of ['A', 'z', '_', '=', '%']) {
          const changed = good.slice(0, at) + letter + good.slice(at + 1);
          if (changed !== good && reads(changed)) taken.push(changed);
        }
      }
      for (const changed of [good.slice(0, -1), `${good}A`, `${good}=`, `x${good}`, good.replace('join/', 'join//')]) if (reads(changed)) taken.push(changed);
      return taken.length === 0 ? 'every changed link is refused' : `${taken.length} were taken`;
    },
  },
  {
    name: 'invite-with-hidden-names', aim: 'invite', expected: 'every name that hides is refused', counter: goodLinkWorks,
    attack: async () => {
      const names = ['home\u202eemoh', '\u200bhome', 'home\u0000', 'ho\nme', ' home', '\ufeffhome', '\u2066x\u2069', 'x'.repeat(65), ''];
      const taken = names.flatMap((name) => [{ ...invite, networkName: name }, { ...invite, invitedBy: name }]).filter((one) => reads(writeInvite(one, pki.digest)));
      const addresses = ['127.0.0.1', 'host.example:0', 'a b:1', 'x:99999', '[::1:8443', 'user@host:1', 'host:1/path', '-o:1', 'a'.repeat(400)];
      const dialled = addresses.filter((address) => reads(writeInvite({ ...invite, endpoints: [{ nodeId: 'host', address }] }, pki.digest)));
      return taken.length + dialled.length === 0 ? 'every name that hides is refused' : `${taken.map(({ networkName, invitedBy }) => JSON.stringify([networkName, invitedBy]))} ${dialled}`;
    },
  },
  {
    name: 'invite-reading-changes-nothing', aim: 'invite', expected: 'nothing was dialled, written or opened', counter: goodLinkWorks,
    attack: async () => {
      // Reading is a pure function: without a port to the world it can do nothing. What it answers holds no token but in the link itself.
      const shown = invitationOf(good, readInvite(good, pki.digest), 0, null);
      const { link: _, ...rest } = shown;
      const leaks = JSON.stringify(rest).includes(Buffer.from(invite.token).toString('base64').slice(0, 20)) || JSON.stringify(rest).includes(Buffer.from(invite.token).toString('hex').slice(0, 20));
      return leaks || readInvite.length !== 2 ? 'the token is shown' : 'nothing was dialled, written or opened';
    },
  },
];

function reads(link: string): boolean {
  try {
    readInvite(link, pki.digest);
    return true;
  } catch {
    return false;
  }
}

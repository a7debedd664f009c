import { type TrustTopic } from '../../contract/state.ts';
import { present } from '../../contract/wait.ts';
import { clearText, red } from '../colours.ts';
import { consent, yes } from '../consent.ts';
import { fromNow, moment } from '../dates.ts';
import { exitCodes } from '../exit-codes.ts';
import { pairs } from '../format.ts';
import { checked } from '../input.ts';
import { passphrase, passphraseStdin } from '../passphrase.ts';
import { type Verb } from '../verb.ts';

const trust: Verb = {
  words: ['trust'],
  about: 'How the network is protected: certificates, role, fingerprint, where the root key is',
  run: async (context) => {
    const topic = await present(await context.client(), 'trust');
    const { world } = context;
    context.show(topic, `${topic.mode === 'clear-text' ? `${red(clearText, world)}\n` : ''}${trustText(topic, world.clock.nowMs())}`);
    return exitCodes.ok;
  },
};

function trustText(topic: TrustTopic, nowMs: number): string {
  const { mode, role, fingerprint, notAfterMs, root, rootExported, secretsIn, devices, invites, authorities } = topic;
  const count = <T extends { readonly state: string }>(list: readonly T[], state: string): number => list.filter((one) => one.state === state).length;
  const until = (endMs: number | null): string => (endMs === null ? 'not yet' : `until ${moment(endMs)}`);
  return pairs([
    ['protection', mode === 'mtls' ? 'mutual TLS with the certificates of the network' : mode === 'clear-text' ? 'none' : 'no network'],
    ['fingerprint', fingerprint],
    ['role', role],
    ['certificate', notAfterMs === null ? null : `ends ${moment(notAfterMs)} (${fromNow(notAfterMs, nowMs)}); it renews itself`],
    ['root key', mode === 'mtls' ? `${{ here: 'on this machine', removed: 'removed from this machine', elsewhere: 'with another device' }[root]}${root === 'here' ? (rootExported ? ', and in a file' : ', and in no file yet') : ''}` : null],
    ['secrets', secretsIn === 'keyring' ? "in the system's keyring" : 'in private files of this user'],
    ['devices', mode === 'mtls' ? `${count(devices, 'active')}, ${count(devices, 'pending')} waiting, ${count(devices, 'revoked')} cut off` : null],
    ['invites', mode === 'mtls' ? `${count(invites, 'open')} open` : null],
    ...authorities.map(({ nodeId, granted, notAfterMs: endMs }, i) => [i === 0 ? 'may sign' : '', `${nodeId}, ${granted ? until(endMs) : 'asked, not granted yet'}`] as const),
  ]);
}

const exportRoot: Verb = {
  words: ['root', 'export'],
  about: "Write the network's root key to a file that only a passphrase opens",
  command: 'root.export',
  without: ['passphrase'],
  flags: [passphraseStdin],
  run: async (context) => {
    const client = await context.client();
    const input = checked('root.export', { passphrase: await passphrase(context, { isNew: true }) });
    const answer = await client.call('root.export', input, context.world.interrupted);
    context.show(answer, `${answer.path}\nKeep it away from this machine. "webmesh root remove" then takes the key off this machine.\n`);
    return exitCodes.ok;
  },
};

const removeRoot: Verb = {
  words: ['root', 'remove'],
  about: "Remove the network's root key from this machine, after it was exported",
  command: 'root.remove',
  flags: [yes],
  run: async (context) => {
    const client = await context.client();
    if (!(await consent(context, 'Remove the root key from this machine? Only the exported file and its passphrase bring it back.'))) {
      context.world.complain('Nothing was changed.\n');
      return exitCodes.failed;
    }
    await client.call('root.remove', {}, context.world.interrupted);
    context.show({ removed: true }, 'The root key is no longer on this machine.\n');
    return exitCodes.ok;
  },
};

/** As large as the contract takes, in bytes. */
const rootFileBytesMax = 65_536;

const importRoot: Verb = {
  words: ['root', 'import'],
  about: "Bring the network's root key back from its file",
  command: 'root.import',
  positionals: [{ name: 'path' }],
  without: ['passphrase', 'file'],
  flags: [passphraseStdin],
  run: async (context) => {
    const client = await context.client();
    const file = await context.world.read(String(context.args.path), rootFileBytesMax);
    await client.call('root.import', checked('root.import', { file, passphrase: await passphrase(context, { isNew: false }) }), context.world.interrupted);
    context.show({ imported: true }, 'The root key is on this machine again.\n');
    return exitCodes.ok;
  },
};

const renew: Verb = {
  words: ['renew'],
  about: 'Renew the certificate and the tunnel key of this device now',
  command: 'certificate.renew',
  run: async (context) => {
    const client = await context.client();
    await client.call('certificate.renew', {}, context.world.interrupted);
    const { notAfterMs } = await present(client, 'trust');
    context.show({ notAfterMs }, `Renewed.${notAfterMs === null ? '' : ` The certificate ends ${moment(notAfterMs)}.`}\n`);
    return exitCodes.ok;
  },
};

export const trustVerbs: readonly Verb[] = [trust, renew, exportRoot, removeRoot, importRoot];

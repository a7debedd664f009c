import { asFailure } from '../base/failure.ts';
import { type Log } from '../base/log.ts';
import { type CommandRunner } from './ports.ts';

/** A program of ours that others on a network may speak to first. */
export interface Welcome {
  /** The rule's name, by which it is found again; one word, so that no shell or parser can split it. */
  readonly name: 'Webmesh-engine' | 'Webmesh-node';
  readonly program: string;
  readonly protocols: readonly ('udp' | 'tcp')[];
}

/**
 * Windows' firewall drops what nobody here asked for. It takes a tunnel's adapter for a public network, so without these rules a peer that
 * speaks first is not heard: neither WireGuard's handshake nor the log of the mesh, which the leader brings to its members.
 * A rule that is there stays as it is: an administrator may have switched it off. What is missing is added. Answers the names of those.
 */
export async function openFirewall(welcomes: readonly Welcome[], commands: CommandRunner, log: Pick<Log, 'info' | 'warn'>): Promise<readonly string[]> {
  const added: string[] = [];
  for (const welcome of welcomes) {
    try {
      if ((await commands.run({ argv: ruleQuestion(welcome.name) })).code === 0) continue;
      for (const argv of additions(welcome)) {
        const { code, stdout } = await commands.run({ argv });
        if (code !== 0) throw new Error(`netsh ended with code ${code}: ${stdout.trim().slice(0, 200)}`);
      }
      added.push(welcome.name);
      log.info('firewall-opened', { rule: welcome.name });
    } catch (error) {
      // The tunnel works without it, for who is spoken to by us first.
      log.warn('firewall-not-opened', { rule: welcome.name, failure: asFailure(error) });
    }
  }
  return added;
}

/** Takes the rules away. One that is not there, or that cannot be taken away, keeps nothing else of a removal. */
export async function closeFirewall(commands: CommandRunner): Promise<void> {
  await Promise.allSettled(['Webmesh-engine', 'Webmesh-node'].map((name) => commands.run({ argv: [...firewall, 'delete', 'rule', `name=${name}`] })));
}

const firewall = ['netsh', 'advfirewall', 'firewall'];

function ruleQuestion(name: string): readonly string[] {
  return [...firewall, 'show', 'rule', `name=${name}`];
}

function additions({ name, program, protocols }: Welcome): readonly (readonly string[])[] {
  return protocols.map((protocol) => [...firewall, 'add', 'rule', `name=${name}`, 'dir=in', 'action=allow', `program=${program}`, `protocol=${protocol}`, 'profile=any']);
}

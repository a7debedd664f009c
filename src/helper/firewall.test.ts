import { expect, test } from 'vitest';
import { closeFirewall, openFirewall, type Welcome } from './firewall.ts';
import { type CommandRunner } from './ports.ts';

const welcomes: readonly Welcome[] = [
  { name: 'Webmesh-engine', program: 'C:\\Program Files\\Webmesh\\resources\\bin\\wireguard-go.exe', protocols: ['udp'] },
  { name: 'Webmesh-node', program: 'C:\\Program Files\\Webmesh\\resources\\bin\\webmesh.exe', protocols: ['tcp', 'udp'] },
];

/** A firewall with rules by name, which answers in the language of its machine; `broken` refuses to change. */
function firewall(rules: Set<string>, broken = false) {
  const said: string[] = [];
  const commands: CommandRunner = {
    run: async ({ argv }) => {
      const [, , , verb = '', , name = ''] = argv;
      said.push(argv.slice(3).join(' '));
      const rule = name.replace('name=', '');
      if (verb === 'show' || verb === 'delete') return { code: rules.has(rule) ? 0 : 1, stdout: 'Es wurden keine Regeln gefunden, die mit den angegebenen Kriterien übereinstimmen.', stderr: '' };
      if (!broken) rules.add(rule);
      return { code: broken ? 1 : 0, stdout: 'Für den angeforderten Vorgang sind erhöhte Rechte erforderlich', stderr: '' };
    },
  };
  return { commands, said };
}

test('a rule for each program and protocol is added once, and one that is there is left as it is', async () => {
  const { commands, said } = firewall(new Set(['Webmesh-engine']));
  const told: string[] = [];
  const log = { info: (event: string) => void told.push(event), warn: (event: string) => void told.push(event) };
  expect([await openFirewall(welcomes, commands, log), await openFirewall(welcomes, commands, log), told]).toEqual([['Webmesh-node'], [], ['firewall-opened']]);
  const node = 'program=C:\\Program Files\\Webmesh\\resources\\bin\\webmesh.exe';
  expect(said).toEqual([
    'show rule name=Webmesh-engine', 'show rule name=Webmesh-node',
    `add rule name=Webmesh-node dir=in action=allow ${node} protocol=tcp profile=any`, `add rule name=Webmesh-node dir=in action=allow ${node} protocol=udp profile=any`,
    'show rule name=Webmesh-engine', 'show rule name=Webmesh-node',
  ]);
});

test('a firewall that refuses is told of, and holds nothing up', async () => {
  const { commands } = firewall(new Set(), true);
  const told: string[] = [];
  const log = { info: (event: string) => void told.push(event), warn: (event: string, fields?: object) => void told.push(`${event} ${Object.values(fields ?? {})[0]}`) };
  expect([await openFirewall(welcomes, commands, log), told]).toEqual([[], ['firewall-not-opened Webmesh-engine', 'firewall-not-opened Webmesh-node']]);
});

test('removal takes both away, whether they are there or not', async () => {
  const { commands, said } = firewall(new Set(['Webmesh-node']));
  await closeFirewall(commands);
  expect(said).toEqual(['delete rule name=Webmesh-engine', 'delete rule name=Webmesh-node']);
});

import { present } from '../../contract/wait.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { completionScript, shells, type Shell } from '../completion.ts';
import { pairs, plain } from '../format.ts';
import { kebab } from '../flags.ts';
import { checked } from '../input.ts';
import { inviteText } from '../invite-source.ts';
import { type Context, type Verb } from '../verb.ts';

const logs: Verb = {
  words: ['logs'],
  about: 'The newest log lines of the app',
  command: 'diagnostics.logs',
  run: async (context) => {
    const answer = await (await context.client()).call('diagnostics.logs', checked('diagnostics.logs', context.input), context.world.interrupted);
    context.show(answer, answer.lines.map((line) => `${plain(line)}\n`).join(''));
    return exitCodes.ok;
  },
};

const settings: Verb = {
  words: ['settings'],
  about: 'Show the settings, or change those that are given',
  command: 'settings.update',
  run: async (context) => {
    const client = await context.client();
    if (Object.keys(context.input).length > 0) await client.call('settings.update', checked('settings.update', context.input), context.world.interrupted);
    const now = await present(client, 'settings');
    context.show(now, pairs(Object.entries(now).map(([name, value]) => [kebab(name), String(value)])));
    return exitCodes.ok;
  },
};

const diagnostics: Verb = {
  words: ['diagnostics'],
  about: 'Write a report without secrets, to look at or to send to somebody',
  command: 'diagnostics.export',
  run: async (context) => {
    const answer = await (await context.client()).call('diagnostics.export', {}, context.world.interrupted);
    context.show(answer, `${answer.path}\n`);
    return exitCodes.ok;
  },
};

const open: Verb = {
  words: ['open'],
  about: 'Print a link to the page of the running app, good once; with an invite: show it there',
  command: 'invite.open',
  positionals: [{ name: 'invite', optional: true }],
  without: ['link'],
  flags: [{ name: 'browser', kind: 'switch', about: 'open it in the browser as well' }],
  run: async (context) => {
    if (typeof context.args.invite === 'string') return offer(context, context.args.invite);
    const url = await context.home.link();
    if (context.args.browser === true) return visit(context, url);
    context.show({ url }, `${url}\n`);
    return exitCodes.ok;
  },
};

/** Hands an invite to the running app, which asks for consent in its window. Nothing is dialled or stored for it before. */
async function offer(context: Context, source: string): Promise<ExitCode> {
  const link = await inviteText(source, context.world);
  await (await context.client()).call('invite.open', checked('invite.open', { link }), context.world.interrupted);
  if (context.args.browser === true) return visit(context, await context.home.link());
  context.show({ opened: true }, 'The window of the app shows the invite and asks whether to join. Without a window, "webmesh open --browser" shows the page.\n');
  return exitCodes.ok;
}

async function visit(context: Context, url: string): Promise<ExitCode> {
  const opened = await context.home.openBrowser(url);
  context.show({ url: opened ? null : url, opened }, opened ? 'Opened in the browser.\n' : `No browser could be started: ${url}\n`);
  return opened ? exitCodes.ok : exitCodes.failed;
}

const serveVerb: Verb = {
  words: ['serve'],
  about: 'Run the app in this terminal and show its page in a browser',
  flags: [
    { name: 'port', kind: 'number', about: 'port of the page; a free one when not given' },
    { name: 'helper-socket', kind: 'text', about: "the privileged helper's socket" },
    { name: 'browser', kind: 'switch', about: 'open the browser as well' },
    { name: 'tls', kind: 'switch', about: "serve the page over TLS, with an authority of this device's own" },
  ],
  run: async ({ home, args, json }) => {
    const code = await home.serve({
      port: typeof args.port === 'number' ? args.port : undefined,
      helperSocket: typeof args['helper-socket'] === 'string' ? args['helper-socket'] : undefined,
      open: args.browser === true,
      tls: args.tls === true,
      json,
    });
    return code === 0 ? exitCodes.ok : code === 2 ? exitCodes.usage : exitCodes.failed;
  },
};

/** Completion needs the list of all verbs, this one included, so the list is handed in when it is asked for. */
export function appVerbs(all: () => readonly Verb[]): readonly Verb[] {
  const completion: Verb = {
    words: ['completion'],
    about: 'Print a script that completes commands in your shell',
    positionals: [{ name: 'shell', choices: shells }],
    run: async (context) => {
      const script = completionScript(context.args.shell as Shell, all());
      context.show({ script }, script);
      return exitCodes.ok;
    },
  };
  return [logs, settings, diagnostics, open, serveVerb, completion];
}

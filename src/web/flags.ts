import { parseArgs } from 'node:util';
import { failure } from '../base/failure.ts';

export interface Flags {
  readonly home: string | undefined;
  readonly helperSocket: string | undefined;
  readonly port: number;
  readonly openBrowser: boolean;
  readonly headless: boolean;
  /** Serve the page over TLS, with an authority of this device's own. */
  readonly tls: boolean;
  /** An invite to show: its link, its file, or - for standard input. */
  readonly openLink: string | undefined;
  readonly jsonStatus: boolean;
  readonly help: boolean;
}

export const usage = `Usage: server [--home DIR] [--helper-socket PATH] [--port N] [--open | --no-open] [--headless] [--json-status]
              [--tls] [--open-link LINK|FILE|-]

The Webmesh app without a window of its own: its page is served to your browser, on 127.0.0.1 only.

  --home DIR            where profiles, sockets and logs are kept
  --helper-socket PATH  the privileged helper's socket
  --port N              port of the page; a free one when not given
  --open, --no-open     open the browser, or only print the link (the default)
  --headless            no page until "webmesh open" asks for one; implies --no-open
  --tls                 serve the page over TLS; prints the fingerprint of this device's own authority
  --open-link INVITE    show an invite and ask for consent: a file, or - for standard input; a link itself can be read by other users
  --json-status         print {"url"} first, then {"session", "peers"} with each change, one JSON value a line

Exit codes: 0 ended in order, 1 failed, 2 wrong usage, 3 this home has a running web shell already.
`;

/** Reads the command line. Fails with input.invalid and the field when it makes no sense. */
export function parseFlags(argv: readonly string[]): Flags {
  const { values } = parse(argv);
  const headless = values.headless ?? false;
  return {
    home: values.home,
    helperSocket: values['helper-socket'],
    port: portFrom(values.port),
    openBrowser: !headless && (values.open ?? false) && !(values['no-open'] ?? false),
    headless,
    tls: values.tls ?? false,
    openLink: values['open-link'],
    jsonStatus: (values['json-status'] ?? false) || (values['status-json'] ?? false),
    help: values.help ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      options: {
        home: { type: 'string' },
        'helper-socket': { type: 'string' },
        port: { type: 'string' },
        open: { type: 'boolean' },
        'no-open': { type: 'boolean' },
        headless: { type: 'boolean' },
        tls: { type: 'boolean' },
        'open-link': { type: 'string' },
        'json-status': { type: 'boolean' },
        'status-json': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw failure('input.invalid', { field: 'arguments', problem: error instanceof Error ? error.message : String(error) }, error);
  }
}

function portFrom(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw failure('input.invalid', { field: 'port', problem: `"${text}" is no port` });
  return port;
}

import { type Command, type CommandResult, type NameMachine } from '../../src/helper/ports.ts';

const ok: CommandResult = { code: 0, stdout: '', stderr: '' };

/** A machine's resolver in memory: files, and systemd-resolved as its client sees it (252). Writes down what was run. */
export class FakeNameMachine implements NameMachine {
  readonly diary: string[];
  readonly files = new Map<string, string>();
  readonly births = new Map<string, string>();
  /** What resolved has for each link. */
  readonly links = new Map<string, { domains: readonly string[]; servers: readonly string[] }>();
  /** The answer to commands that hold this text, instead of what would be done. */
  readonly answers = new Map<string, CommandResult>();

  constructor(diary: string[] = []) {
    this.diary = diary;
    this.files.set('/etc/resolv.conf', '# stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\n');
    this.births.set('/run/systemd/resolve/io.systemd.Resolve', 'first');
  }

  async run({ argv }: Command): Promise<CommandResult> {
    const line = argv.join(' ');
    this.diary.push(line);
    const given = [...this.answers].find(([text]) => line.includes(text))?.[1];
    return given ?? (argv[0] === 'resolvectl' ? this.resolvectl(argv.slice(1).filter((word) => word !== '--no-pager')) : ok);
  }

  readText = (path: string): string | undefined => this.files.get(path);
  birthOf = (path: string): string => this.births.get(path) ?? (this.files.has(path) ? 'a file' : '');

  writeText(path: string, text: string): void {
    this.diary.push(`write ${path}`);
    this.files.set(path, text);
  }

  remove(path: string): void {
    this.diary.push(`remove ${path}`);
    this.files.delete(path);
  }

  private resolvectl([verb = '', link, ...values]: readonly string[]): CommandResult {
    const known = this.links.get(link ?? '') ?? { domains: [], servers: [] };
    if (link === undefined) return { ...ok, stdout: ['Global:', ...[...this.links].map(([name, { domains }], i) => `Link ${i + 2} (${name}): ${domains.join(' ')}`)].join('\n') };
    if (verb === 'revert') this.links.delete(link);
    else if (verb === 'domain' && values.length > 0) this.links.set(link, { ...known, domains: values });
    else if (verb === 'dns' && values.length > 0) this.links.set(link, { ...known, servers: values });
    else if (values.length === 0) return { ...ok, stdout: `Link 2 (${link}): ${(verb === 'domain' ? known.domains : known.servers).join(' ')}` };
    return ok;
  }
}

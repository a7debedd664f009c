import { failure } from '../../base/failure.ts';
import type { Parsed } from '../../contract/commands.ts';
import type { AuditEventView } from '../../contract/state.ts';
import type { AuditEvent, ListAuditRequest, ListAuditResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { toHex } from './bytes.ts';

export interface AuditPage {
  readonly events: AuditEventView[];
  readonly intact: boolean;
  readonly total: number;
}

type Ask = (query: ListAuditRequest) => Promise<ListAuditResponse>;

const pageDefault = 100;
const pageMax = 1_000;
/** Events that an export holds at most; the newest ones. */
const exportMax = 1_000_000;

/** One page, newest first. */
export async function auditPage({ search, before, limit }: Parsed<'audit.list'>, ask: Ask): Promise<AuditPage> {
  const page = await ask({ search: search ?? '', before: BigInt(before ?? 0), limit: limit ?? pageDefault });
  return { events: page.events.map(eventView), intact: page.intact, total: Number(page.total) };
}

/** The whole log as JSON text, oldest first, with what the node says of its chain of hashes. */
export async function auditText(network: string, atMs: number, ask: Ask): Promise<string> {
  const events: AuditEventView[] = [];
  let intact = true;
  let before = 0;
  while (events.length < exportMax) {
    const page = await auditPage({ before: before === 0 ? undefined : before, limit: pageMax }, ask);
    intact &&= page.intact;
    events.push(...page.events);
    const oldest = page.events.at(-1)?.sequence ?? 0;
    if (page.events.length === 0 || oldest <= 1) break;
    if (before !== 0 && oldest >= before) throw failure('mesh.incompatible', { problem: 'the audit log comes out of order' });
    before = oldest;
  }
  return `${JSON.stringify({ format: 1, network, atMs, intact, events: events.reverse() }, null, 1)}\n`;
}

function eventView({ sequence, atMs, actor, node, action, subject, detail, hash }: AuditEvent): AuditEventView {
  return { sequence: Number(sequence), atMs: Number(atMs), actor, node, action, subject, detail: detailOf(detail), hash: toHex(hash) };
}

/** A JSON object of strings; what is not one is shown as it came. */
function detailOf(text: string): Readonly<Record<string, string>> {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, String(field)]));
  } catch {
    // Written by a version that we do not know: a person can read it all the same.
  }
  return { text };
}

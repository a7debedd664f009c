import { type CallCounts } from '../path-ports.ts';
import { type Family, type FamilyValue, type Labels } from './families.ts';

/** As gRPC's own libraries name their codes, in the order of their numbers. */
const codeNames = [
  'OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists', 'PermissionDenied', 'ResourceExhausted',
  'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Internal', 'Unavailable', 'DataLoss', 'Unauthenticated',
] as const;
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** A server tells only of methods that it has; this is for the day when that is not so. */
const methodsMax = 512;

interface Method {
  readonly labels: Labels;
  started: number;
  received: number;
  sent: number;
  readonly handled: Map<string, number>;
  /** Calls of at most each bound, and not of a lower one; the last is above all. */
  readonly buckets: number[];
  sumSeconds: number;
}

/** Counts the calls of a gRPC server under the names that older nodes, and every gRPC library's dashboards, use. */
export interface CallFigures extends CallCounts {
  families(): readonly Family[];
}

export function createCallFigures(): CallFigures {
  const methods = new Map<string, Method>();

  function methodOf(path: string, requestStream: boolean, responseStream: boolean): Method {
    const known = methods.get(path);
    if (known) return known;
    const [, service = '', name = ''] = path.split('/', 3);
    const labels = { grpc_type: typeOf(requestStream, responseStream), grpc_service: service, grpc_method: name };
    const fresh: Method = { labels, started: 0, received: 0, sent: 0, handled: new Map(), buckets: Array<number>(bounds.length + 1).fill(0), sumSeconds: 0 };
    if (methods.size < methodsMax) methods.set(path, fresh);
    return fresh;
  }

  return {
    open: ({ path, requestStream, responseStream }) => {
      const method = methodOf(path, requestStream, responseStream);
      method.started += 1;
      return {
        received: () => void (method.received += 1),
        sent: () => void (method.sent += 1),
        handled: (code, seconds) => {
          const name = codeNames[code] ?? 'Unknown';
          method.handled.set(name, (method.handled.get(name) ?? 0) + 1);
          const at = bounds.findIndex((bound) => seconds <= bound);
          const bucket = at === -1 ? bounds.length : at;
          method.buckets[bucket] = (method.buckets[bucket] ?? 0) + 1;
          method.sumSeconds += seconds;
        },
      };
    },
    families: () => familiesOf([...methods.values()]),
  };
}

function familiesOf(methods: readonly Method[]): readonly Family[] {
  const each = (value: (method: Method) => number): readonly FamilyValue[] => methods.map((method) => ({ labels: method.labels, value: value(method) }));
  return [
    { name: 'grpc_server_started_total', type: 'counter', help: 'Calls that began.', values: each(({ started }) => started) },
    { name: 'grpc_server_handled_total', type: 'counter', help: 'Calls that ended, by their status.', values: methods.flatMap(({ labels, handled }) => [...handled].map(([code, value]) => ({ labels: { ...labels, grpc_code: code }, value }))) },
    { name: 'grpc_server_msg_received_total', type: 'counter', help: 'Messages from callers.', values: each(({ received }) => received) },
    { name: 'grpc_server_msg_sent_total', type: 'counter', help: 'Messages to callers.', values: each(({ sent }) => sent) },
    { name: 'grpc_server_handling_seconds', type: 'histogram', help: 'Time from the beginning of a call to its status.', values: methods.flatMap(histogram) },
  ];
}

function histogram({ labels, buckets, sumSeconds }: Method): readonly FamilyValue[] {
  let count = 0;
  const rows = buckets.map((calls, i) => ({ suffix: '_bucket', labels: { ...labels, le: String(bounds[i] ?? '+Inf') }, value: (count += calls) }));
  return [...rows, { suffix: '_sum', labels, value: sumSeconds }, { suffix: '_count', labels, value: count }];
}

function typeOf(requestStream: boolean, responseStream: boolean): string {
  if (requestStream) return responseStream ? 'bidi_stream' : 'client_stream';
  return responseStream ? 'server_stream' : 'unary';
}

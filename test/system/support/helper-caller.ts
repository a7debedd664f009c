/** Calls the helper as whoever runs this: `node helper-caller.ts SOCKET CALL [JSON]`; prints the answer, or the failure, as one JSON line. */
import { connect } from 'node:net';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import { ApplyTunnelRequest, ClearTunnelRequest, HelloRequest, HelperClient, SetNodeRequest, WatchResponse } from '../../../src/gen/webmesh/helper/v1/helper.ts';

const [socket = '', call = '', text = '{}'] = process.argv.slice(2);
const input: unknown = JSON.parse(text);
const client = new HelperClient(`unix:${socket}`, credentials.createInsecure());
const deadline = { deadline: Date.now() + 20_000 };

function end(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? String(part) : part))}\n`, () => process.exit(0));
}
function done(error: ServiceError | null, value?: unknown): void {
  if (error === null) return end(value);
  const bytes = error.metadata?.get('webmesh-failure-bin')[0];
  end({ failed: bytes === undefined ? `grpc ${error.code}` : JSON.parse(bytes.toString()) });
}

switch (call) {
  case 'hello': client.hello(HelloRequest.fromJSON(input), deadline as never, done); break;
  case 'apply': client.applyTunnel(ApplyTunnelRequest.fromJSON(input), deadline as never, done); break;
  case 'clear': client.clearTunnel(ClearTunnelRequest.fromJSON(input), deadline as never, done); break;
  case 'node': client.setNode(SetNodeRequest.fromJSON(input), deadline as never, done); break;
  case 'diagnostics': client.exportDiagnostics({}, deadline as never, done); break;
  case 'shutdown': client.shutdown({}, deadline as never, done); break;
  case 'watch': client.watch({}).once('data', (event: WatchResponse) => end(WatchResponse.toJSON(event))).on('error', done); break;
  // Whether a socket lets us in at all.
  case 'knock': connect(socket).once('connect', () => end('in')).once('error', (error: NodeJS.ErrnoException) => end(error.code)); break;
  default: throw new Error(`no call ${call}`);
}

/** The one file that knows the STUN and TURN library: codec, client, server. What is not re-exported here is not used. */
export { IceAgent, Session, Socket, wire } from 'turn-server';

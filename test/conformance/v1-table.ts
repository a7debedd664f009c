/**
 * The public API as deployed meshes speak it: every message field and enum value, with its number and type. `*` marks repeated ones.
 * Written down apart from the proto files, so that a slip there is seen here.
 */
export interface MessageRow {
  readonly file: string;
  /** Full name; the administration messages have no package. */
  readonly name: string;
  /** `number name type`, in declared order. */
  readonly fields: readonly string[];
}

export interface EnumRow {
  readonly file: string;
  readonly name: string;
  /** `number name`. */
  readonly values: readonly string[];
}

export const enums: readonly EnumRow[] = [
  { file: 'v1/admin_messages.proto', name: 'ACLAction', values: ['0 DENY', '1 ALLOW'] },
  { file: 'v1/mesh_messages.proto', name: 'v1.ClusterStatus', values: ['0 CLUSTER_STATUS_UNKNOWN', '1 CLUSTER_LEADER', '2 CLUSTER_VOTER', '3 CLUSTER_NON_VOTER'] },
  { file: 'v1/mesh_messages.proto', name: 'v1.Feature', values: ['0 FEATURE_NONE', '1 NODES', '2 LEADER_PROXY', '3 MESH_API', '4 PEER_DISCOVERY', '5 METRICS', '6 ICE_NEGOTIATION', '7 TURN_SERVER', '8 MESH_DNS'] },
  { file: 'v1/node_messages.proto', name: 'v1.DataChannel', values: ['0 CHANNELS', '1 CONNECTIONS'] },
  { file: 'v1/node_raft.proto', name: 'v1.RaftCommandType', values: ['0 UNKNOWN', '1 QUERY', '2 EXECUTE'] },
  { file: 'v1/node_raft.proto', name: 'v1.SQLParameterType', values: ['0 SQL_PARAM_UNKNOWN', '1 SQL_PARAM_INT64', '2 SQL_PARAM_DOUBLE', '3 SQL_PARAM_BOOL', '4 SQL_PARAM_BYTES', '5 SQL_PARAM_STRING', '6 SQL_PARAM_TIME', '7 SQL_PARAM_NULL'] },
];

export const messages: readonly MessageRow[] = [
  { file: 'v1/admin_messages.proto', name: 'RaftACL', fields: ['1 name string', '2 patterns string*', '3 action ACLAction'] },
  { file: 'v1/admin_messages.proto', name: 'RaftACLList', fields: ['1 items RaftACL*'] },
  { file: 'v1/admin_messages.proto', name: 'DeleteRaftACLRequest', fields: ['1 name string'] },
  { file: 'v1/admin_messages.proto', name: 'GetRaftACLRequest', fields: ['1 name string'] },
  { file: 'v1/mesh_messages.proto', name: 'v1.GetNodeRequest', fields: ['1 id string'] },
  {
    file: 'v1/mesh_messages.proto',
    name: 'v1.MeshNode',
    fields: [
      '1 id string', '2 primary_endpoint string', '3 endpoints string*', '4 raft_port int32', '5 grpc_port int32', '6 wireguard_port int32',
      '7 public_key string', '8 private_ipv4 string', '9 private_ipv6 string', '10 updated_at google.protobuf.Timestamp',
      '11 created_at google.protobuf.Timestamp', '12 cluster_status ClusterStatus',
    ],
  },
  { file: 'v1/mesh_messages.proto', name: 'v1.NodeList', fields: ['1 nodes MeshNode*'] },
  {
    file: 'v1/node_messages.proto',
    name: 'v1.JoinRequest',
    fields: [
      '1 id string', '2 public_key string', '3 raft_port int32', '4 grpc_port int32', '5 wireguard_port int32', '6 primary_endpoint string',
      '7 endpoints string*', '8 assign_ipv4 bool', '9 prefer_raft_ipv6 bool', '10 as_voter bool',
    ],
  },
  { file: 'v1/node_messages.proto', name: 'v1.JoinResponse', fields: ['1 address_ipv4 string', '2 network_ipv6 string', '3 peers WireguardPeer*'] },
  {
    file: 'v1/node_messages.proto',
    name: 'v1.WireguardPeer',
    fields: [
      '1 id string', '2 public_key string', '3 primary_endpoint string', '4 endpoints string*', '5 address_ipv4 string', '6 address_ipv6 string',
    ],
  },
  { file: 'v1/node_messages.proto', name: 'v1.LeaveRequest', fields: ['1 id string'] },
  { file: 'v1/node_messages.proto', name: 'v1.GetStatusRequest', fields: ['1 id string'] },
  {
    file: 'v1/node_messages.proto',
    name: 'v1.Status',
    fields: [
      '1 id string', '2 version string', '3 commit string', '4 build_date string', '5 uptime string', '6 started_at google.protobuf.Timestamp',
      '7 features Feature*', '8 wireguard_peers uint32', '9 cluster_status ClusterStatus', '10 current_leader string',
    ],
  },
  {
    file: 'v1/node_messages.proto',
    name: 'v1.DataChannelNegotiation',
    fields: [
      '1 proto string', '2 src string', '3 dst string', '4 port uint32', '5 offer string', '6 answer string', '7 candidate string', '8 stun_servers string*',
    ],
  },
  {
    file: 'v1/node_metrics.proto',
    name: 'v1.NodeMetrics',
    fields: [
      '1 device_name string', '2 public_key string', '3 address_v4 string', '4 address_v6 string', '5 type string', '6 listen_port int32',
      '7 total_receive_bytes uint64', '8 total_transmit_bytes uint64', '9 peers PeerMetrics*', '10 system HostMetrics',
    ],
  },
  {
    file: 'v1/node_metrics.proto',
    name: 'v1.PeerMetrics',
    fields: [
      '1 public_key string', '2 endpoint string', '3 persistent_keep_alive string', '4 last_handshake_time string', '5 allowed_ips string*',
      '6 protocol_version int64', '7 receive_bytes uint64', '8 transmit_bytes uint64',
    ],
  },
  { file: 'v1/node_metrics.proto', name: 'v1.HostMetrics', fields: ['1 host HostInfo', '2 cpu CPUTimes', '3 memory MemoryInfo', '4 disks DiskInfo*'] },
  {
    file: 'v1/node_metrics.proto',
    name: 'v1.HostInfo',
    fields: [
      '1 architecture string', '2 boot_time string', '3 containerized bool', '4 hostname string', '5 ips string*', '6 kernel_version string',
      '7 macs string*', '8 os OSInfo', '9 timezone string', '10 uptime string',
    ],
  },
  {
    file: 'v1/node_metrics.proto',
    name: 'v1.CPUTimes',
    fields: [
      '1 load_average LoadAverage', '2 user string', '3 system string', '4 idle string', '5 io_wait string', '6 irq string', '7 nice string',
      '8 soft_irq string', '9 steal string',
    ],
  },
  { file: 'v1/node_metrics.proto', name: 'v1.LoadAverage', fields: ['1 one float', '2 five float', '3 fifteen float'] },
  {
    file: 'v1/node_metrics.proto',
    name: 'v1.MemoryInfo',
    fields: [
      '1 total uint64', '2 used uint64', '3 available uint64', '4 free uint64', '5 virtual_total uint64', '6 virtual_used uint64', '7 virtual_free uint64',
    ],
  },
  {
    file: 'v1/node_metrics.proto',
    name: 'v1.DiskInfo',
    fields: [
      '1 filesystem_path string', '2 device string', '3 total uint64', '4 free uint64', '5 used uint64', '6 used_percent float', '7 inodes_total uint64',
      '8 inodes_free uint64', '9 inodes_used uint64', '10 inodes_used_percent float',
    ],
  },
  {
    file: 'v1/node_metrics.proto',
    name: 'v1.OSInfo',
    fields: [
      '1 type string', '2 family string', '3 platform string', '4 name string', '5 version string', '6 major int64', '7 minor int64', '8 patch int64',
      '9 build string', '10 codename string',
    ],
  },
  {
    file: 'v1/node_raft.proto',
    name: 'v1.SQLParameter',
    fields: [
      '1 name string', '2 type SQLParameterType', '3 int64 sint64', '4 double double', '5 bool bool', '6 bytes bytes', '7 str string',
      '8 time google.protobuf.Timestamp',
    ],
  },
  { file: 'v1/node_raft.proto', name: 'v1.SQLValues', fields: ['1 values SQLParameter*'] },
  { file: 'v1/node_raft.proto', name: 'v1.SQLStatement', fields: ['1 sql string', '2 parameters SQLParameter*'] },
  { file: 'v1/node_raft.proto', name: 'v1.SQLQuery', fields: ['1 transaction bool', '2 statement SQLStatement'] },
  { file: 'v1/node_raft.proto', name: 'v1.SQLExec', fields: ['1 transaction bool', '2 statement SQLStatement'] },
  {
    file: 'v1/node_raft.proto',
    name: 'v1.SQLQueryResult',
    fields: [
      '1 columns string*', '2 types string*', '3 values SQLValues*', '4 error string', '5 time string',
    ],
  },
  { file: 'v1/node_raft.proto', name: 'v1.SQLExecResult', fields: ['1 last_insert_id int64', '2 rows_affected int64', '3 error string', '4 time string'] },
  { file: 'v1/node_raft.proto', name: 'v1.RaftLogEntry', fields: ['1 type RaftCommandType', '2 sql_query SQLQuery', '3 sql_exec SQLExec'] },
  {
    file: 'v1/node_raft.proto',
    name: 'v1.RaftApplyResponse',
    fields: [
      '1 time string', '2 query_result SQLQueryResult', '3 exec_result SQLExecResult', '4 error string',
    ],
  },
  { file: 'v1/peer_discovery.proto', name: 'v1.ListRaftPeersResponse', fields: ['1 peers RaftPeer*'] },
  { file: 'v1/peer_discovery.proto', name: 'v1.RaftPeer', fields: ['1 id string', '2 address string', '3 voter bool', '4 leader bool'] },
  {
    file: 'v1/webrtc_messages.proto',
    name: 'v1.StartDataChannelRequest',
    fields: [
      '1 node_id string', '2 proto string', '3 dst string', '4 port uint32', '5 answer string', '6 candidate string',
    ],
  },
  { file: 'v1/webrtc_messages.proto', name: 'v1.DataChannelOffer', fields: ['1 offer string', '2 stun_servers string*', '3 candidate string'] },
];

export interface ServiceRow {
  readonly file: string;
  readonly name: string;
  /** `method request response`, with `stream` before what is streamed. */
  readonly methods: readonly string[];
}

export const services: readonly ServiceRow[] = [
  {
    file: 'v1/node.proto',
    name: 'v1.Node',
    methods: [
      'Join v1.JoinRequest v1.JoinResponse',
      'Leave v1.LeaveRequest google.protobuf.Empty',
      'GetStatus v1.GetStatusRequest v1.Status',
      'NegotiateDataChannel stream v1.DataChannelNegotiation stream v1.DataChannelNegotiation',
    ],
  },
  { file: 'v1/mesh.proto', name: 'v1.Mesh', methods: ['GetNode v1.GetNodeRequest v1.MeshNode', 'ListNodes google.protobuf.Empty v1.NodeList'] },
  { file: 'v1/peer_discovery.proto', name: 'v1.PeerDiscovery', methods: ['ListPeers google.protobuf.Empty v1.ListRaftPeersResponse'] },
  { file: 'v1/webrtc.proto', name: 'v1.WebRTC', methods: ['StartDataChannel stream v1.StartDataChannelRequest stream v1.DataChannelOffer'] },
  {
    file: 'v1/admin.proto',
    name: 'v1.Admin',
    methods: [
      'PutRaftACL RaftACL google.protobuf.Empty',
      'DeleteRaftACL DeleteRaftACLRequest google.protobuf.Empty',
      'GetRaftACL GetRaftACLRequest RaftACL',
      'ListRaftACLs google.protobuf.Empty RaftACLList',
    ],
  },
];

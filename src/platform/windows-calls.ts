import { addressOf, blockingFunction, libraryFunction, type NativeFunction, nativeFunction, type NativeValue } from './native.ts';

const kernel = 'kernel32.dll';
const advapi = 'advapi32.dll';
const iphlpapi = 'iphlpapi.dll';
/** What of Windows is called, by its declaration. Handles are numbers; structures are bytes. */
const declarations = {
  CloseHandle: [kernel, 'int CloseHandle(intptr_t handle)'],
  CreateEventW: [kernel, 'intptr_t CreateEventW(void *security, int manual, int set, void *name)'],
  SetEvent: [kernel, 'int SetEvent(intptr_t event)'],
  CreateNamedPipeW: [kernel, 'intptr_t CreateNamedPipeW(str16 name, uint32_t open, uint32_t mode, uint32_t instances, uint32_t out, uint32_t in, uint32_t timeout, void *security)'],
  ConnectNamedPipe: [kernel, 'int ConnectNamedPipe(intptr_t pipe, void *overlapped)'],
  GetNamedPipeClientProcessId: [kernel, 'int GetNamedPipeClientProcessId(intptr_t pipe, _Out_ uint8_t *pid)'],
  GetNamedPipeServerProcessId: [kernel, 'int GetNamedPipeServerProcessId(intptr_t pipe, _Out_ uint8_t *pid)'],
  CreateFileW: [kernel, 'intptr_t CreateFileW(str16 name, uint32_t access, uint32_t share, void *security, uint32_t disposition, uint32_t flags, intptr_t template)'],
  WaitNamedPipeW: [kernel, 'int WaitNamedPipeW(str16 name, uint32_t ms)'],
  OpenProcess: [kernel, 'intptr_t OpenProcess(uint32_t access, int inherit, uint32_t pid)'],
  QueryFullProcessImageNameW: [kernel, 'int QueryFullProcessImageNameW(intptr_t process, uint32_t flags, _Out_ uint8_t *name, _Inout_ uint8_t *size)'],
  CreateJobObjectW: [kernel, 'intptr_t CreateJobObjectW(void *security, void *name)'],
  SetInformationJobObject: [kernel, 'int SetInformationJobObject(intptr_t job, int kind, uint8_t *bytes, uint32_t size)'],
  AssignProcessToJobObject: [kernel, 'int AssignProcessToJobObject(intptr_t job, intptr_t process)'],
  TerminateProcess: [kernel, 'int TerminateProcess(intptr_t process, uint32_t code)'],
  WaitForSingleObject: [kernel, 'uint32_t WaitForSingleObject(intptr_t handle, uint32_t ms)'],
  RtlMoveMemory: [kernel, 'void RtlMoveMemory(_Out_ uint8_t *to, int64_t from, uint64_t size)'],
  GetLastError: [kernel, 'uint32_t GetLastError()'],
  LocalFree: [kernel, 'intptr_t LocalFree(int64_t memory)'],
  GetCurrentThread: [kernel, 'intptr_t GetCurrentThread()'],
  GetCurrentProcess: [kernel, 'intptr_t GetCurrentProcess()'],
  ImpersonateNamedPipeClient: [advapi, 'int ImpersonateNamedPipeClient(intptr_t pipe)'],
  RevertToSelf: [advapi, 'int RevertToSelf()'],
  OpenThreadToken: [advapi, 'int OpenThreadToken(intptr_t thread, uint32_t access, int asSelf, _Out_ uint8_t *token)'],
  OpenProcessToken: [advapi, 'int OpenProcessToken(intptr_t process, uint32_t access, _Out_ uint8_t *token)'],
  GetTokenInformation: [advapi, 'int GetTokenInformation(intptr_t token, int kind, _Out_ uint8_t *bytes, uint32_t size, _Out_ uint8_t *needed)'],
  SetTokenInformation: [advapi, 'int SetTokenInformation(intptr_t token, int kind, uint8_t *bytes, uint32_t size)'],
  AdjustTokenPrivileges: [advapi, 'int AdjustTokenPrivileges(intptr_t token, int none, uint8_t *wanted, uint32_t size, void *before, void *needed)'],
  CheckTokenMembership: [advapi, 'int CheckTokenMembership(intptr_t token, uint8_t *sid, _Out_ uint8_t *member)'],
  GetKernelObjectSecurity: [advapi, 'int GetKernelObjectSecurity(intptr_t handle, uint32_t parts, _Out_ uint8_t *bytes, uint32_t size, _Out_ uint8_t *needed)'],
  GetFileSecurityW: [advapi, 'int GetFileSecurityW(str16 path, uint32_t parts, _Out_ uint8_t *bytes, uint32_t size, _Out_ uint8_t *needed)'],
  SetFileSecurityW: [advapi, 'int SetFileSecurityW(str16 path, uint32_t parts, int64_t security)'],
  ConvertStringSecurityDescriptorToSecurityDescriptorW: [advapi, 'int ConvertStringSecurityDescriptorToSecurityDescriptorW(str16 text, uint32_t revision, _Out_ uint8_t *security, void *size)'],
  RegisterServiceCtrlHandlerExW: [advapi, 'intptr_t RegisterServiceCtrlHandlerExW(str16 name, int64_t handler, void *context)'],
  OpenSCManagerW: [advapi, 'intptr_t OpenSCManagerW(void *machine, void *database, uint32_t access)'],
  OpenServiceW: [advapi, 'intptr_t OpenServiceW(intptr_t manager, str16 name, uint32_t access)'],
  CloseServiceHandle: [advapi, 'int CloseServiceHandle(intptr_t service)'],
  ChangeServiceConfig2W: [advapi, 'int ChangeServiceConfig2W(intptr_t service, uint32_t level, uint8_t *info)'],
  SetServiceStatus: [advapi, 'int SetServiceStatus(intptr_t service, uint8_t *status)'],
  ConvertInterfaceAliasToLuid: [iphlpapi, 'uint32_t ConvertInterfaceAliasToLuid(str16 alias, _Out_ uint8_t *luid)'],
  ConvertInterfaceLuidToAlias: [iphlpapi, 'uint32_t ConvertInterfaceLuidToAlias(uint8_t *luid, _Out_ uint8_t *alias, size_t characters)'],
  GetIpForwardTable2: [iphlpapi, 'uint32_t GetIpForwardTable2(uint16_t family, _Out_ uint8_t *table)'],
  FreeMibTable: [iphlpapi, 'void FreeMibTable(int64_t table)'],
  InitializeUnicastIpAddressEntry: [iphlpapi, 'void InitializeUnicastIpAddressEntry(_Inout_ uint8_t *row)'],
  CreateUnicastIpAddressEntry: [iphlpapi, 'uint32_t CreateUnicastIpAddressEntry(uint8_t *row)'],
  DeleteUnicastIpAddressEntry: [iphlpapi, 'uint32_t DeleteUnicastIpAddressEntry(uint8_t *row)'],
  InitializeIpForwardEntry: [iphlpapi, 'void InitializeIpForwardEntry(_Inout_ uint8_t *row)'],
  CreateIpForwardEntry2: [iphlpapi, 'uint32_t CreateIpForwardEntry2(uint8_t *row)'],
  DeleteIpForwardEntry2: [iphlpapi, 'uint32_t DeleteIpForwardEntry2(uint8_t *row)'],
  InitializeIpInterfaceEntry: [iphlpapi, 'void InitializeIpInterfaceEntry(_Inout_ uint8_t *row)'],
  GetIpInterfaceEntry: [iphlpapi, 'uint32_t GetIpInterfaceEntry(_Inout_ uint8_t *row)'],
  SetIpInterfaceEntry: [iphlpapi, 'uint32_t SetIpInterfaceEntry(_Inout_ uint8_t *row)'],
} as const;

const made = new Map<string, NativeFunction>();

/** Calls a function of Windows. Throws where the library that makes such calls is missing. */
export function windows(name: keyof typeof declarations, ...values: readonly NativeValue[]): number {
  const [library, declaration] = declarations[name];
  const call = made.get(name) ?? libraryFunction(library, declaration);
  made.set(name, call);
  return call(...values);
}

/** The same for those that answer 0 when they fail: throws then, naming the call and Windows' number. */
export function windowsOk(name: keyof typeof declarations, ...values: readonly NativeValue[]): number {
  const answer = windows(name, ...values);
  if (answer === 0) throw lastError(name);
  return answer;
}

/** Waits in another thread until the event is set. */
export async function eventSet(event: number): Promise<void> {
  const forever = 0xffff_ffff;
  await blockingFunction(kernel, 'uint32_t WaitForSingleObject(intptr_t handle, uint32_t ms)')(event, forever);
}

/** Answers the service manager's calls in another thread, until the service has stopped. */
export function dispatchService(table: Uint8Array): Promise<number> {
  return blockingFunction(advapi, 'int StartServiceCtrlDispatcherW(void *table)')(table);
}

/** A descriptor for a handle, as Node's own streams take it: from then on it is Node's to close. */
export function descriptorOf(handle: number): number {
  return nativeFunction('int uv_open_osfhandle(intptr_t handle)')(handle);
}

/** A security descriptor (SDDL) in memory that is never given back: use it for few. */
export function securityOf(text: string): bigint {
  const place = Buffer.alloc(8);
  if (windows('ConvertStringSecurityDescriptorToSecurityDescriptorW', text, 1, place, null) === 0) throw lastError('ConvertStringSecurityDescriptorToSecurityDescriptorW');
  return place.readBigUInt64LE();
}

/** SECURITY_ATTRIBUTES, not inherited. */
export function securityAttributes(security: bigint): Uint8Array {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(24);
  bytes.writeBigUInt64LE(security, 8);
  return bytes;
}

/** OVERLAPPED with an event; it must stay where it is while a call is under way. */
export function overlappedWith(event: number): Uint8Array {
  const bytes = Buffer.alloc(32);
  bytes.writeBigInt64LE(BigInt(event), 24);
  addressOf(bytes);
  return bytes;
}

export function lastError(what: string): Error {
  return new Error(`${what}: error ${windows('GetLastError')}`);
}

import type { PageWords } from '../en/index.ts';

export const networks: PageWords['networks'] = {
  network: '网络',
  clearText: '明文',
  add: '添加',
  addOrJoin: '添加网络，或使用邀请加入',
  newNameFor: (name) => `${name} 的新名称`,
  save: '保存',
  runsHere: (address) => `在本设备上运行，${address}`,
  joinsAt: (address) => `加入地址 ${address}`,
  rename: '重命名',
  renameOf: (name) => `重命名 ${name}`,
  forget: '移除',
  forgetOf: (name) => `移除 ${name}`,
  forgetAsked: (name) => `移除 ${name}？`,
  forgetHost: '本设备运行此网络。它将永久停止运行，其他设备会失去此节点。',
  forgetMember: '本设备离开此网络，并不再保存访问它的方式。网络本身会继续存在。',
  keep: '保留',
  forgot: (name) => `已移除 ${name}。`,
};

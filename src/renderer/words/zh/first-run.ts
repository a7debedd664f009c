import type { PageWords } from '../en/index.ts';

export const firstRun: PageWords['firstRun'] = {
  welcome: '欢迎使用 Webmesh',
  add: '添加网络',
  about: '您自己的设备之间的专用网络。无需账户，也没有我们的服务器：由您的设备自行运行。',
  create: '创建网络',
  createAbout: '本设备将成为第一台设备。您可以随时用链接邀请其他设备。',
  name: '网络名称',
  nameExample: '家',
  deviceName: '本设备的名称',
  deviceNameExample: '其主机名',
  deviceNameHint: '字母、数字和连字符。',
  range: '网络的 IPv4 范围',
  rangeHint: '您的本地网络均未使用的专用范围。',
  old: '明文旧网络',
  oldOn: '加入和管理时不会加密，也没有邀请。仅适用于不支持证书的程序。',
  oldOff: '关闭：设备证明其身份，所有内容均加密。',
  creating: '正在创建…',
  createIt: '立即创建',
};

import type { PageWords } from '../en/index.ts';

export const settings: PageWords['settings'] = {
  title: '设置',
  networks: '网络',
  start: '启动',
  startAtLogin: '登录时启动应用',
  stayConnected: '退出后保持连接',
  stayConnectedHint: '您的设备仍可互相访问；下次启动时接管。',
  notifications: '通知',
  notify: '通知我',
  notifyHint: '仅当应用没有窗口处于最前时。',
  appearance: '外观',
  theme: '主题',
  themes: { system: '跟随系统', light: '浅色', dark: '深色' },
  language: '语言',
  languageSystem: '跟随系统',
  diagnostics: '诊断',
  logLevel: '日志保留的内容',
  levels: { error: '仅错误', warn: '包括警告', info: '发生的事件（常用）', debug: '全部，包括名称和地址' },
  license: '自由软件，采用 Apache License 2.0 许可。WireGuard 是 Jason A. Donenfeld 的注册商标。',
};

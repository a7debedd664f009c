import type { PageWords } from '../en/index.ts';

export const diagnostics: PageWords['diagnostics'] = {
  hint: '没有任何内容会自行离开本设备。报告包含版本、状态和日志行，不含密钥和令牌。',
  export: '导出报告',
  writing: '正在写入…',
  show: '显示日志',
  hide: '隐藏日志',
  readAgain: '重新读取',
  onlyTrouble: '仅警告和错误',
  writtenTo: (path) => `已写入 ${path}`,
  path: '报告的路径',
  lines: '最新的日志行',
  nothing: '没有可显示的内容。',
};

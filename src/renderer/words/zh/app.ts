import type { PageWords } from '../en/index.ts';

export const app: PageWords['app'] = {
  skip: '跳到内容',
  screens: '界面',
  places: { connect: '连接', peers: '对端', people: '人员', device: '本设备', deviceShort: '设备', health: '状态', settings: '设置' },
  peers: (n) => `${n} 个对端`,
  waiting: (n) => `${n} 台等待批准`,
  problems: (n) => `${n} 个问题`,
  invite: '邀请',
  lost: '与应用失去联系，正在重试。您看到的是之前的状态。',
  starting: '正在启动…',
  thisNetwork: '此网络',
  stopped: '此界面已停止',
  stoppedWords: { what: '页面遇到了意外情况。您的连接不受影响。', next: '请重新显示此界面；如果再次出现，请在“设置”的“诊断”中导出报告。' },
  showAgain: '重新显示',
  inClearText: '明文',
  clearText: '明文',
  clearTextSays: '明文。',
  clearTextWhat: (name) => `加入和管理 ${name} 不加密，且无人证明身份。隧道内的流量是加密的。`,
};

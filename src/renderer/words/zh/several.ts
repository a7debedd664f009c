import type { PageWords } from '../en/index.ts';

export const several: PageWords['several'] = {
  connect: '连接',
  disconnect: '断开',
  save: '保存',
  colour: '颜色',
  suffix: '名称后缀',
  option: (name, state) => `${name} – ${state}`,
  optionClear: (name, state) => `${name} – ${state}（明文）`,
  show: (name, state) => `显示 ${name}：${state}`,
  through: (state, device) => `${state}，经由 ${device}`,
  connectOf: (name) => `连接 ${name}`,
  disconnectOf: (name) => `断开 ${name}`,
  atStart: (name) => `应用启动时连接 ${name}`,
  names: (name) => `在所有程序中使用 ${name} 的名称`,
  namesHint: (suffix) => `连接期间，“ping nas.${suffix}”可以找到设备 nas。其他名称不受影响。`,
  namesNot: (problem) => `目前不可用：${problem}。`,
  frozen: '已连接，更改已冻结',
  phases: { disconnected: '未连接', authorising: '正在连接', joining: '正在加入', configuring: '正在打开隧道', connected: '已连接', reconnecting: '正在重新连接', disconnecting: '正在断开', blocked: '无法连接' },
  colours: { blue: '蓝色', green: '绿色', orange: '橙色', violet: '紫色', teal: '青色', red: '红色', pink: '粉色', brown: '棕色' },
};

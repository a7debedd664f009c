import type { PageWords } from '../en/index.ts';

export const people: PageWords['people'] = {
  thisDevice: '本设备',
  wouldJoin: (id, joins, ago) => `${id} 希望${joins}加入，${ago}提出请求`,
  wouldJoinInvited: (id, joins, inviter, ago) => `${id} 希望${joins}加入，邀请者：${inviter}，${ago}提出请求`,
  fingerprintOf: (name) => `${name} 的指纹`,
  compare: '该设备的屏幕上显示相同的分组。请让其所有者读给您听，只有完全一致时才接受。',
  accept: '接受',
  accepting: '正在接受…',
  acceptOf: (name) => `接受 ${name}`,
  accepted: (name) => ({ what: `已接受 ${name}。`, next: '该设备稍后会自动连接。' }),
  refuse: '拒绝…',
  refuseOf: (name) => `拒绝 ${name}`,
};

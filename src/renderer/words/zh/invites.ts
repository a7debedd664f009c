import type { PageWords } from '../en/index.ts';

export const invites: PageWords['invites'] = {
  roles: {
    guest: { word: '访客', why: '可以访问网络中的设备，不能更改任何内容。', joins: '以访客身份' },
    member: { word: '成员', why: '可以访问设备，并可协助运行网络。', joins: '以成员身份' },
    admin: { word: '管理员', why: '还可以邀请和接受设备、更改角色以及移除设备。', joins: '以管理员身份' },
  },
  roleUnknown: { word: '未知', why: '较新版本的应用认识此角色。', joins: '以此版本未知的角色' },
  open: '有效的邀请',
  noneOpen: '没有有效的邀请。点击“邀请”按钮即可创建。',
  areOver: '已失效的邀请',
  over: (n) => `${n} 个已失效的邀请`,
  forDevices: (n) => `供 ${n} 台设备使用`,
  used: (role, uses, usesMax) => `${role}，已使用 ${uses}/${usesMax} 次。`,
  usedWithApproval: (role, uses, usesMax) => `${role}，已使用 ${uses}/${usesMax} 次，每台设备须由管理员接受。`,
  made: (ago, name) => `由 ${name} 于${ago}创建。`,
  state: { takenBack: '已撤回', used: '已使用', usedUp: '已用完', tooOld: '已过期', goodFor: (span) => `剩余有效期 ${span}` },
  takeBack: '撤回',
  takeBackOf: (title) => `撤回：${title}`,
  takenBack: { what: '已撤回。', next: '该链接不再允许任何人加入。' },
};

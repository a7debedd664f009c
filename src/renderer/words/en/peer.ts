export const peer = {};

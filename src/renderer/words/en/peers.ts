export const peers = {};

export const forwards = {};

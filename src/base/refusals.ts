/**
 * The messages with which nodes refuse callers in matters of trust, beside the gRPC status: clients match them. Words, once spoken, stay.
 */
export const refusals = {
  // unauthenticated
  certificateRequired: 'certificate required',
  deviceUnknown: 'device unknown',
  certificateExpired: 'certificate expired',
  /** Unknown invite and wrong token: the same words. */
  inviteUnknown: 'invite unknown or token wrong',
  // permissionDenied
  revoked: 'revoked',
  onlyMembers: 'only for members',
  onlyAdmins: 'only for admins',
  onlyVoters: 'only for voters',
  onlySelf: 'only for the node itself',
  onlyLocal: 'only for local callers',
  guestsDoNotVote: 'guests do not vote',
  // failedPrecondition
  inviteExpired: 'invite expired',
  inviteUsed: 'invite used up',
  inviteRevoked: 'invite revoked',
  lastAdmin: 'last admin',
  // alreadyExists
  idTaken: 'id taken',
  keyTaken: 'key taken',
  // resourceExhausted
  tooManyTries: 'too many tries',
} as const;

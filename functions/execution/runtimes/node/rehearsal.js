// A handler for `rehearse` of the bootstrap.
exports.handler = async (event, context) => {
  console.log("rehearsal", event, context.getRemainingTimeInMillis());
  return event;
};

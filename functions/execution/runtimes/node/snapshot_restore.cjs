// The hooks of SnapStart. AWS has none for Node.js: these are those of its interface for Python, by the same names, at
// awslambda.SnapshotRestore. What they return is awaited.
"use strict";

const registered = { before: [], after: [] };

module.exports = {
  SnapshotRestore: {
    // Call `hook` before the snapshot is taken: the last one registered first. Gives it back.
    registerBeforeSnapshot(hook, ...values) {
      registered.before.unshift(() => hook(...values));
      return hook;
    },
    // Call `hook` in each environment that is restored, in the order of registration. Gives it back.
    registerAfterRestore(hook, ...values) {
      registered.after.push(() => hook(...values));
      return hook;
    },
  },
  async beforeSnapshot() {
    for (const hook of registered.before) await hook();
  },
  async afterRestore() {
    for (const hook of registered.after) await hook();
  },
};

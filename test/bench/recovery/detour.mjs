// Preloaded into a replica: its connections to a node go through a proxy of its own, while it names the node by the
// same address as all others do. Replicas with different addresses would be replicas with different node sets.
// DETOURS=node's port:proxy's port,…

import { Socket } from 'node:net';

const detours = new Map((process.env.DETOURS ?? '').split(',').map((pair) => pair.split(':').map(Number)));
const { connect } = Socket.prototype;

Socket.prototype.connect = function connectByDetour(...args) {
  // `net.connect` hands over its normalised arguments as one list, `[options, callback]`.
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const port = detours.get(Number(options?.port));
  if (port !== undefined) options.port = port;
  return connect.apply(this, args);
};

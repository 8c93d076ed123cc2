// Loaded before a replica's own code: leads its connections to a node over a link of its own, as a network with
// its own faults for each machine would. The replica still knows the nodes by their true addresses, which all
// replicas have to agree about.

const { Socket } = require('node:net');

/** `{"127.0.0.1:7001": 23456, …}`: which port of this machine stands for which address. */
const routes = JSON.parse(process.env.CAMPAIGN_ROUTES ?? '{}');
const { connect } = Socket.prototype;

Socket.prototype.connect = function routed(...args) {
  // net.connect() hands over one array, [options, callback], which must stay the same object.
  const target = Array.isArray(args[0]) ? args[0] : args;
  const [options] = target;
  const port = routes[`${options?.host}:${options?.port}`];
  if (port !== undefined) target[0] = { ...options, host: '127.0.0.1', port };
  return connect.apply(this, args);
};

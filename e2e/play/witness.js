// Loaded before the page: keeps hold of its peer connections, so that a test can count packets. The page knows nothing of it.
(() => {
  const connections = new Set();
  globalThis.RTCPeerConnection = new Proxy(globalThis.RTCPeerConnection, {
    construct(target, args) {
      const connection = new target(...args);
      connections.add(connection);
      return connection;
    },
  });
  const counted = new Map();
  /** Packets of one direction and kind since the page was loaded; never falls. */
  globalThis.packets = async (direction, kind) => {
    const type = direction === 'sent' ? 'outbound-rtp' : 'inbound-rtp';
    for (const connection of connections) {
      if (connection.connectionState === 'closed') continue;
      for (const stat of (await connection.getStats()).values()) {
        if (stat.type !== type || stat.kind !== kind) continue;
        const key = `${type} ${kind} ${stat.ssrc}`;
        counted.set(key, Math.max(counted.get(key) ?? 0, stat.packetsReceived ?? stat.packetsSent ?? 0));
      }
    }
    return [...counted]
      .filter(([key]) => key.startsWith(`${type} ${kind} `))
      .reduce((sum, [, n]) => sum + n, 0);
  };
})();

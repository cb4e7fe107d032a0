// Loaded before the SDK: keeps hold of the sockets that it opens, so that a test can cut them.
(() => {
  const sockets = new Set();
  globalThis.WebSocket = new Proxy(globalThis.WebSocket, {
    construct(target, args) {
      const socket = new target(...args);
      sockets.add(socket);
      socket.addEventListener('close', () => sockets.delete(socket));
      return socket;
    },
  });
  /** Closes every open socket of the page; how many those were. */
  globalThis.cutSockets = () => {
    const open = [...sockets].filter((socket) => socket.readyState === WebSocket.OPEN);
    for (const socket of open) socket.close();
    return open.length;
  };
})();

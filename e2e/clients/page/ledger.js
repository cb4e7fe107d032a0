// Cumulative packet counters over RTP streams that come and go.

/** Counts what senders sent and receivers received, by owner; figures never fall. */
export function createLedger() {
  /** Sender or receiver -> its number and its owner now. */
  const ends = new Map();
  /** `number:ssrc` -> owner at first sight, packets, frames. A reused receiver gets another SSRC with its new track. */
  const streams = new Map();

  const read = async (end, { number, owner }) => {
    const report = await end.getStats().catch(() => new Map());
    for (const stat of report.values()) {
      if (stat.type !== 'inbound-rtp' && stat.type !== 'outbound-rtp') continue;
      const key = `${number}:${stat.ssrc}`;
      const stream = streams.get(key) ?? { owner, packets: 0, frames: 0 };
      const packets = stat.type === 'inbound-rtp' ? stat.packetsReceived : stat.packetsSent;
      stream.packets = Math.max(stream.packets, packets ?? 0);
      stream.frames = Math.max(stream.frames, stat.framesDecoded ?? 0);
      streams.set(key, stream);
    }
  };
  return {
    /** From now on new streams of this RTCRtpSender or RTCRtpReceiver are the owner's. */
    watch(end, owner) {
      ends.set(end, { number: ends.get(end)?.number ?? ends.size, owner });
    },
    /** Reads all statistics now. */
    async collect() {
      await Promise.all([...ends].map(([end, known]) => read(end, known)));
    },
    /** The sum over streams whose owner `isMeant` accepts. */
    total(isMeant) {
      const sum = { packets: 0, frames: 0 };
      for (const { owner, packets, frames } of streams.values()) {
        if (!isMeant(owner)) continue;
        sum.packets += packets;
        sum.frames += frames;
      }
      return sum;
    },
  };
}

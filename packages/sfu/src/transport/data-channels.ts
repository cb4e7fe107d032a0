import type { DataChannel, PeerConnection } from 'node-datachannel';
import type { DataLabel } from './transport.ts';

/** What may wait in a channel, in bytes, before more is refused. */
const MAX_WAITING = 1_048_576;
/** Clients of LiveKit open three. */
const MAX_CHANNELS = 16;

const isLabel = (label: string): label is DataLabel => label === '_reliable' || label === '_lossy';

/** The data channels of one connection, whoever opened them. */
export class DataChannels {
  readonly #byLabel = new Map<DataLabel, DataChannel>();
  /** All of them: the library closes a channel that nobody names any more. */
  readonly #kept: DataChannel[] = [];
  readonly #onData: (label: DataLabel, message: Uint8Array) => void;

  constructor(onData: (label: DataLabel, message: Uint8Array) => void) {
    this.#onData = onData;
  }

  /** Opens both, to be there before an offer is made. */
  open(connection: PeerConnection): void {
    this.take(connection.createDataChannel('_reliable'));
    this.take(connection.createDataChannel('_lossy', { unordered: true, maxRetransmits: 0 }));
  }

  /** Takes one; of one label the last counts. Other labels are kept open and not listened to. */
  take(channel: DataChannel): void {
    if (this.#kept.length >= MAX_CHANNELS) {
      channel.close();
      return;
    }
    this.#kept.push(channel);
    const label = channel.getLabel();
    if (!isLabel(label)) return;
    this.#byLabel.set(label, channel);
    channel.onMessage((message) => {
      if (message instanceof Uint8Array) this.#onData(label, message);
    });
  }

  /** False: it is not open, too much waits in it, or the message is longer than the other side takes. */
  send(label: DataLabel, message: Uint8Array): boolean {
    const channel = this.#byLabel.get(label);
    try {
      if (!channel?.isOpen() || channel.bufferedAmount() + message.length > MAX_WAITING) return false;
      // Its answer says only whether it went out at once.
      channel.sendMessageBinary(message);
      return true;
    } catch {
      // Closed by the library's own thread since it was asked, or too long.
      return false;
    }
  }
}

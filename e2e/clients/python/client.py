"""One client on LiveKit's Python SDK: a command per line of its input, an answer per line of its output."""

import asyncio
import json
import math
import sys

from livekit import rtc

KEPT = 1000
SOURCES = {
    "microphone": rtc.TrackSource.SOURCE_MICROPHONE,
    "camera": rtc.TrackSource.SOURCE_CAMERA,
    "screen": rtc.TrackSource.SOURCE_SCREENSHARE,
    "screen-audio": rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO,
}
RATE = 48_000
PIECE = RATE // 50
WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 180, 15


def kind_of(source):
    return next((kind for kind, each in SOURCES.items() if each == source), "unknown")


def keep(entries, entry):
    entries.append(entry)
    del entries[:-KEPT]


async def hum(source):
    tone = [round(8_000 * math.sin(2 * math.pi * 440 * at / RATE)) for at in range(PIECE)]
    samples = b"".join(sample.to_bytes(2, "little", signed=True) for sample in tone)
    while True:
        # The source takes a piece when its queue has room: that is the clock.
        await source.capture_frame(rtc.AudioFrame(samples, RATE, 1, PIECE))


async def paint(source):
    shade = 0
    while True:
        shade = (shade + 3) % 256
        pixels = bytes([shade]) * (WIDTH * HEIGHT) + bytes([128]) * (WIDTH * HEIGHT // 2)
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, pixels))
        await asyncio.sleep(1 / FRAMES_PER_SECOND)


async def drain(track):
    """Somebody must take the frames, or they pile up in memory."""
    stream = rtc.VideoStream(track)
    try:
        async for _ in stream:
            pass
    finally:
        await stream.aclose()


class Transmission:
    """A track of our own that sends until it is stopped."""

    def __init__(self, kind):
        if kind in ("microphone", "screen-audio"):
            self.source = rtc.AudioSource(RATE, 1)
            self.track = rtc.LocalAudioTrack.create_audio_track(kind, self.source)
            self.task = asyncio.create_task(hum(self.source))
        else:
            self.source = rtc.VideoSource(WIDTH, HEIGHT)
            self.track = rtc.LocalVideoTrack.create_video_track(kind, self.source)
            self.task = asyncio.create_task(paint(self.source))

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.source.aclose()


class Ledger:
    """Packets by owner, cumulative over tracks that come and go."""

    def __init__(self):
        self.watched = {}
        self.streams = {}

    def watch(self, track, owner):
        self.watched[id(track)] = (track, owner)

    def forget(self, track):
        self.watched.pop(id(track), None)

    async def read(self, track, owner):
        try:
            stats = await track.get_stats()
        except Exception:
            return
        for stat in stats:
            kind = stat.WhichOneof("stats")
            if kind == "inbound_rtp":
                entry = stat.inbound_rtp
                packets, frames = entry.received.packets_received, entry.inbound.frames_decoded
            elif kind == "outbound_rtp":
                entry = stat.outbound_rtp
                packets, frames = entry.sent.packets_sent, 0
            else:
                continue
            key = (owner, entry.stream.ssrc)
            before = self.streams.get(key, (0, 0))
            self.streams[key] = (max(packets, before[0]), max(frames, before[1]))

    async def total(self, is_meant):
        watched = list(self.watched.values())
        await asyncio.gather(*(self.read(track, owner) for track, owner in watched))
        meant = [figures for (owner, _), figures in self.streams.items() if is_meant(*owner)]
        return {"packets": sum(each[0] for each in meant), "frames": sum(each[1] for each in meant)}


class Client:
    """Each method that is called as a command takes the command's arguments by name."""

    def __init__(self):
        self.room = None
        self.own = {}
        # Of publications that the server took back: the SDK goes on sending them, so we do until we leave.
        self.taken_back = []
        self.events = []
        self.data = []
        self.ledger = Ledger()
        self.tasks = set()

    def background(self, work):
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def listen(self, room):
        def disconnected(reason):
            try:
                name = rtc.DisconnectReason.Name(reason)
            except ValueError:
                name = "UNKNOWN_REASON"
            keep(self.events, {"state": "disconnected", "reason": name})

        def subscribed(track, publication, participant):
            self.ledger.watch(track, (participant.identity, kind_of(publication.source)))
            if track.kind == rtc.TrackKind.KIND_VIDEO:
                self.background(drain(track))

        async def forget(track, owner):
            await self.ledger.read(track, owner)
            self.ledger.forget(track)

        def unsubscribed(track, publication, participant):
            self.background(forget(track, (participant.identity, kind_of(publication.source))))

        def received(packet):
            identity = packet.participant.identity if packet.participant else ""
            keep(self.data, {"identity": identity, "bytes": list(packet.data)})

        room.on("reconnecting", lambda: keep(self.events, {"state": "reconnecting"}))
        room.on("reconnected", lambda: keep(self.events, {"state": "reconnected"}))
        room.on("disconnected", disconnected)
        room.on("track_subscribed", subscribed)
        room.on("track_unsubscribed", unsubscribed)
        room.on("data_received", received)

    def published(self, kind):
        if kind not in self.own:
            raise LookupError(f"no {kind} is published")
        return self.own[kind]

    async def join(self, url, token):
        await self.leave()
        room = rtc.Room()
        self.listen(room)
        await room.connect(url, token, rtc.RoomOptions(auto_subscribe=True))
        self.room = room
        keep(self.events, {"state": "connected"})

    async def publish(self, kind):
        transmission = Transmission(kind)
        # Without discontinuous transmission a muted microphone goes on sending: what arrives says who silenced it.
        options = rtc.TrackPublishOptions(source=SOURCES[kind], simulcast=False, dtx=False)
        # Without it a screen goes at 3 frames a second.
        options.video_encoding.max_framerate = FRAMES_PER_SECOND
        options.video_encoding.max_bitrate = 200_000
        try:
            publication = await self.room.local_participant.publish_track(transmission.track, options)
        except BaseException:
            await transmission.stop()
            raise
        self.ledger.watch(transmission.track, ("", kind))
        if kind in self.own:
            self.taken_back.append(self.own[kind][1])
        self.own[kind] = (publication, transmission)

    async def unpublish(self, kind):
        publication, transmission = self.published(kind)
        await self.ledger.read(transmission.track, ("", kind))
        self.ledger.forget(transmission.track)
        del self.own[kind]
        await self.room.local_participant.unpublish_track(publication.sid)
        await transmission.stop()

    async def mute(self, kind):
        self.published(kind)[1].track.mute()

    async def unmute(self, kind):
        self.published(kind)[1].track.unmute()

    async def isMuted(self, kind):
        return self.own[kind][0].muted if kind in self.own else None

    async def sent(self, kind):
        return (await self.ledger.total(lambda sender, of: sender == "" and of == kind))["packets"]

    async def received(self, prefix, kind):
        return await self.ledger.total(
            lambda sender, of: sender != "" and sender.startswith(prefix) and of == kind
        )

    async def participants(self):
        return [each.identity for each in self.room.remote_participants.values()] if self.room else []

    async def tracks(self):
        if not self.room:
            return []
        everybody = [self.room.local_participant, *self.room.remote_participants.values()]
        return [
            {
                "identity": participant.identity,
                "kind": kind_of(publication.source),
                "sid": publication.sid,
                "muted": publication.muted,
                "subscribed": participant is everybody[0] or publication.track is not None,
            }
            for participant in everybody
            for publication in participant.track_publications.values()
        ]

    async def permissions(self):
        if not self.room:
            return None
        permission = self.room.local_participant._info.permission
        return {
            "canPublish": permission.can_publish,
            "canSubscribe": permission.can_subscribe,
            "canPublishData": permission.can_publish_data,
            "canPublishSources": [kind_of(source) for source in permission.can_publish_sources],
        }

    async def getEvents(self):
        return self.events

    async def sendData(self, bytes_):
        await self.room.local_participant.publish_data(bytes(bytes_), reliable=True)

    async def dataReceived(self):
        return self.data

    async def dropSignal(self):
        await self.room.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT)

    async def leave(self):
        transmissions = [*self.taken_back, *(transmission for _, transmission in self.own.values())]
        self.taken_back.clear()
        self.own.clear()
        for transmission in transmissions:
            await transmission.stop()
        if self.room:
            await self.room.disconnect()


# Words that Python or the class has taken.
COMMANDS = {"events": "getEvents"}
ARGUMENTS = {"bytes": "bytes_"}


async def answer(client, line):
    command = json.loads(line)
    try:
        method = getattr(client, COMMANDS.get(command["name"], command["name"]))
        args = {ARGUMENTS.get(name, name): value for name, value in command["args"].items()}
        told = {"value": await method(**args)}
    except Exception as error:
        told = {"error": {"message": str(error), "reason": type(error).__name__}}
    # An absent value is undefined on the other side; null would be another answer.
    if told.get("value", 0) is None:
        told = {}
    print(json.dumps({"id": command["id"], "answer": told}).replace('{"id": ', '{"id":'), flush=True)


async def main():
    client = Client()
    lines = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        client.background(answer(client, line))
    await client.leave()


asyncio.run(main())

import { fault, type PlantedFault } from './fault.ts';

const GATEWAY = 'apps/server/src/gateway';
const at = (file: string, find: string, put: string) => [`${GATEWAY}/${file}.ts`, find, put] as const;
const edit = (name: string, find: string, put: string) => ({ file: `${GATEWAY}/${name}.ts`, find, put });
const seenBy = (name: string): string => `${GATEWAY}/${name}.test.ts`;

/** Faults in what the gateway relays. */
export const MESSAGE_FAULTS: readonly PlantedFault[] = [
  fault(
    'GWM1',
    'an id may change its type',
    at('tracks', 'this.#types.has(id) && this.#types.get(id) !== type))', 'id === type))'),
    seenBy('tracks'),
  ),
  fault(
    'GWM1',
    'an m-line may change its kind',
    at('tracks', 'if (known !== undefined && known !== kind) return', 'if (known === mid) return'),
    seenBy('tracks'),
  ),
  fault(
    'GWM1',
    'a further codec may name another track',
    at('tracks', 'if (known?.type !== type || known.source !== source) return', 'if (known === null) return'),
    seenBy('tracks'),
  ),
  fault(
    'GWM2',
    'an empty codec id stays empty',
    at('tracks', 'codec.cid ||= standInCid(request.type)', "codec.cid ||= ''"),
    seenBy('tracks'),
  ),
  fault(
    'GWM3',
    'sound may be declared with a codec of pictures',
    at('tracks', 'simulcastCodecs.some(({ codec }) => isOtherTypesCodec(type, codec))', 'cid === type'),
    seenBy('tracks'),
  ),
  fault(
    'GWM4',
    'one declaration is good for any number of tracks',
    at('tracks', ' || this.#offers[type] >= this.#declarations[type]', ''),
    seenBy('tracks'),
  ),
  fault(
    'GWM5',
    'a source may be declared without the right to it',
    at('from-client', ' || !isPair(type, source) || !view.sources.has(source)', ' || !isPair(type, source)'),
    seenBy('tracks'),
  ),
  fault('GWM6', 'tracks without end', at('tracks', 'alive < MAX_TRACKS && ', ''), seenBy('tracks')),
  fault(
    'GWM7',
    'an offer does not bind the types of its ids',
    at('tracks', 'for (const id of section.trackIds) this.#types.set(id, typeOfSection(section));', ''),
    seenBy('tracks'),
  ),
  fault(
    'GWM8',
    'the second direction of an m-line counts',
    at('offer', "if (section.direction !== undefined) return 'direction given twice';", ''),
    seenBy('offer'),
  ),
  fault(
    'GWM9',
    'm-lines without end',
    at('offer', "if (sections.length >= MAX_SECTIONS) return 'too many m-lines';", ''),
    seenBy('offer'),
  ),
  fault(
    'GWM9',
    'lines without end',
    at('offer', "if (lines.length > MAX_LINES) return { refusal: 'too many lines' };", ''),
    seenBy('offer'),
  ),
  fault(
    'GWM10',
    'what is not on the list is relayed',
    at('from-client', "return { dropped: message.case ?? 'unknown' };", 'return relay(message);'),
    seenBy('from-client'),
  ),
  {
    rule: 'GWM10',
    what: 'unknown fields are relayed',
    edits: [
      edit('signal-codec', 'readUnknownFields: false', 'readUnknownFields: true'),
      edit('signal-codec', 'writeUnknownFields: false', 'writeUnknownFields: true'),
    ],
    test: seenBy('from-client'),
  },
  fault(
    'GWM11',
    'people change their metadata',
    at(
      'from-client',
      "    case 'updateMetadata': {",
      "    case 'updateMetadata':\n      return relay(message);\n    case undefined: {",
    ),
    seenBy('from-client'),
  ),
  fault(
    'GWM12',
    'who is muted publishes loud',
    at('tracks', 'if (isMuted) relayed.muted = true;', ''),
    seenBy('from-client'),
  ),
  fault(
    'GWM13',
    "the unmute that a client's SDK sends by itself counts",
    at('from-client', "order === 'followed' || (order === 'none' && !hasRecord)", "order !== 'x'"),
    seenBy('from-client'),
  ),
  fault(
    'GWM14',
    'who may not speak unmutes',
    at(
      'from-client',
      'if (kind === undefined || !view.sources.has(track.source) || !isOwn)',
      'if (kind === undefined || !isOwn)',
    ),
    seenBy('from-client'),
  ),
  fault(
    'GWM15',
    'tracks of whoever are subscribed to',
    at('roster', 'if (!owner?.isShown) return false;', "if (track !== '') return true;"),
    seenBy('from-client'),
  ),
  fault(
    'GWM16',
    'descriptions are handed on',
    at('from-client', 'delete value.offer;', ''),
    seenBy('from-client'),
  ),
  fault(
    'GWM17',
    'an answer sends media',
    at(
      'from-client',
      "read.sections.some(({ kind, sends }) => sends && kind !== 'application')",
      "type === 'x'",
    ),
    seenBy('from-client'),
  ),
  fault(
    'GWM18',
    'hidden people are told of when they speak',
    at(
      'to-client',
      'message.value.speakers.filter(({ sid }) => roster.isShown(sid))',
      'message.value.speakers',
    ),
    seenBy('to-client'),
  ),
  fault(
    'GWM19',
    'the address of the media server is told',
    at('to-client', "join.alternativeUrl = '';", ''),
    seenBy('to-client'),
  ),
  fault(
    'GWM20',
    'unknown messages pass to the client',
    at('to-client', "      return { dropped: message.case ?? 'unknown' };", '      return relay(message);'),
    seenBy('to-client'),
  ),
  fault(
    'GWM21',
    'the gateway subscribes again and again',
    at('roster', '!this.#driven.has(track) && ', ''),
    seenBy('to-client'),
  ),
  fault(
    'GWM22',
    'hiding begins and the media server goes on subscribing',
    at(
      'connection',
      "if (hiding.drivesSubscriptions && !connection.isDriven) return startAnew('hiding began');",
      '',
    ),
    seenBy('to-client'),
  ),
  fault(
    'GWM23',
    'a voice in the camera is believed',
    at(
      'tracks',
      'return mimes.some((mime) => isOtherTypesCodec(info.type, mime))',
      'return mimes.length < 0',
    ),
    seenBy('to-client'),
  ),
  fault(
    'GWM24',
    'an unmute that was under way wins over the mute',
    at(
      'to-client',
      "return { ...relay({ case: 'mute', value }), upstream: [again] };",
      "return relay({ case: 'mute', value });",
    ),
    seenBy('to-client'),
  ),
  fault(
    'GWM25',
    'bytes that are no message throw',
    at(
      'signal-codec',
      'return SignalRequest.fromBinary(bytes, READ);\n  } catch {\n    return null;',
      'return SignalRequest.fromBinary(bytes, READ);\n  } catch (error) {\n    throw error;',
    ),
    seenBy('to-client'),
  ),
  fault(
    'GWM26',
    'a request inflates without end',
    at(
      'join-request',
      'gunzipSync(joinRequest, { maxOutputLength: MAX_INFLATED_BYTES })',
      'gunzipSync(joinRequest)',
    ),
    seenBy('join-request'),
  ),
  fault(
    'GWM27',
    'what was refused in a join request is dialled with',
    at(
      'judge-join',
      'else if (answer.length < MAX_TRACKS) answer.push(verdict.refused);',
      'else judged.addTrackRequests.push(track);',
    ),
    seenBy('join-request'),
  ),
  fault(
    'GWM28',
    'a client names its own metadata',
    at('judge-join', "judged.metadata = '';", ''),
    seenBy('join-request'),
  ),
  fault(
    'GWM29',
    'candidates reach the media server before the last look',
    at('judge-join', "sdp.replace(/^a=(?:candidate:|end-of-candidates).*\\r?\\n/gm, '')", 'sdp'),
    seenBy('join-request'),
  ),
  fault(
    'GWM30',
    'what is written once is sent to everybody, whoever is hidden',
    at('to-client', 'told.length === participants.length &&', 'told.length > 0 ||'),
    seenBy('to-client'),
  ),
  fault(
    'GWM31',
    'a client names people without end',
    at('list-limits', 'trackPermissions.length <= MAX_PERMITTED &&', ''),
    seenBy('from-client'),
  ),
  fault(
    'GWM31',
    'layers without end',
    at('list-limits', 'value.layers.length <= MAX_LAYERS && ', ''),
    seenBy('from-client'),
  ),
  fault(
    'GAT1',
    'frames behind the first are lost',
    at('dial', 'for (const bytes of rest) onMessage(bytes);', ''),
    seenBy('dial'),
  ),
  fault(
    'GAT9',
    'a flood is read as it comes',
    at('pace', 'return left >= 0 ? 0 :', 'return left !== null ? 0 :'),
    seenBy('pace'),
  ),
  fault(
    'GAT14',
    'who sends much is read as it comes',
    at('reading-line', 'if (left > 0 || isWaiting) return left > 0;', 'if (left !== null) return true;'),
    seenBy('reading-line'),
  ),
  fault(
    'GAT14',
    'addresses do not take turns',
    at(
      'reading-line',
      'waiting.delete(address);\n    if (waiters.length > 0)',
      'if (waiters.length === 0) waiting.delete(address);\n    else',
    ),
    seenBy('reading-line'),
  ),
];

import { type ApiError, notAllowed } from '../../kernel/errors.ts';
import type { MediaSessionRow } from '../media/index.ts';

/** Why a connection may not go on: its session is over, or another connection has come. */
export function lostTurn(row: MediaSessionRow | undefined, turn: string): ApiError | undefined {
  if (row?.state !== 'pending' && row?.state !== 'active') return overError(row);
  return row.participant_sid === turn ? undefined : replacedError();
}

/** Another connection of the session came after this one: it has the turn now. */
export function replacedError(): ApiError {
  const error = notAllowed('another connection has taken the place of this one');
  error.details.push({ reason: 'replaced' });
  return error;
}

/** 403/17 for a session that is over: with the reason of policy that ended it, where one did. */
export function overError(row: Pick<MediaSessionRow, 'end_reason'> | undefined): ApiError {
  const reason = row?.end_reason ?? 'unknown_session';
  const error = notAllowed('this session is over; join again');
  error.details.push({ reason });
  return error;
}

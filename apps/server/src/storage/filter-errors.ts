import { type ApiError, inputError } from '../kernel/errors.ts';

/** Longest path that an error repeats, in characters: clients choose the names in it. */
const PATH_LENGTH = 300;

/** 400/4 naming a place in a filter, a sort or a cursor. */
export const filterError = (path: string, complaint: string): ApiError =>
  inputError(path.length > PATH_LENGTH ? `${path.slice(0, PATH_LENGTH)}…` : path, complaint);

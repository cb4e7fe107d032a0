import { type Static, Type } from 'typebox';
import { mapOf, response } from './fields.ts';

/** The body of every reply with a status of 400 or more. */
export const ErrorResponse = response('ErrorResponse', 'What went wrong and what to do about it.', {
  code: Type.Integer({ description: 'The number of the error in docs/reference/errors.md.' }),
  message: Type.String({ description: 'What is wrong, in a sentence for people.' }),
  StatusCode: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status again.' }),
  duration: Type.String({ description: 'How long the server worked on the request, e.g. `12.34ms`.' }),
  more_info: Type.String({ description: 'Where the documentation of this error is.' }),
  exception_fields: Type.Optional(
    mapOf(Type.String({ description: 'What is wrong with the field.' }), {
      description: 'Field -> complaint, for errors that concern fields.',
    }),
  ),
  details: Type.Array(Type.Unknown(), {
    description: 'Further facts, e.g. `{what, id}` of what is missing.',
  }),
  unrecoverable: Type.Optional(Type.Boolean({ description: 'True: sending the same again cannot succeed.' })),
});
export type ErrorResponse = Static<typeof ErrorResponse>;

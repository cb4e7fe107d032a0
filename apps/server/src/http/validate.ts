import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { ApiError } from '../kernel/errors.ts';
import { isRfc3339 } from './rfc3339.ts';

/** Complaints that one refusal names at most. */
const MAX_COMPLAINTS = 20;

const OPTIONS = { coerceTypes: false, removeAdditional: false, strict: true, allowUnionTypes: true } as const;
/** Decides, and stops at the first complaint: a hostile body cannot make it collect more. */
const deciding = new Ajv({ ...OPTIONS, allErrors: false });
/** Names every complaint; asked only about refused values that are small. */
const explaining = new Ajv({ ...OPTIONS, allErrors: true });
for (const ajv of [deciding, explaining]) ajv.addFormat('date-time', isRfc3339);

/** Values over this size are explained by their first complaint alone. */
const EXPLAINED_BYTES = 16 * 1024;

/** Checks a value against its schema; throws 400/4 naming each field that is wrong. Nothing is coerced or dropped. */
export type Validator = (value: unknown) => void;

/** `part` stands in the message where a complaint concerns the whole value, e.g. `body`. */
export function validatorOf(schema: TSchema, part: string): Validator {
  const decide = deciding.compile(schema);
  let explain: ValidateFunction | undefined;
  return (value) => {
    if (decide(value)) return;
    let errors = decide.errors ?? [];
    if (errors.length > 0 && JSON.stringify(value ?? null).length <= EXPLAINED_BYTES) {
      explain ??= explaining.compile(schema);
      if (!explain(value)) errors = explain.errors ?? errors;
    }
    throw refusalOf(errors, part);
  };
}

function refusalOf(errors: readonly ErrorObject[], part: string): ApiError {
  const fields: Record<string, string> = {};
  for (const error of errors.slice(0, MAX_COMPLAINTS)) {
    const name = fieldOf(error, part);
    fields[name] ??= complaintOf(error);
  }
  const message = Object.entries(fields)
    .slice(0, 3)
    .map(([name, complaint]) => `${name}: ${complaint}`)
    .join('; ');
  return new ApiError('input', message || `${part}: is not as documented`, { fields });
}

function fieldOf({ instancePath, keyword, params }: ErrorObject, part: string): string {
  const steps = instancePath.split('/').slice(1).map(unescaped);
  if (keyword === 'required') steps.push(String(params.missingProperty));
  if (keyword === 'additionalProperties') steps.push(String(params.additionalProperty));
  if (keyword === 'propertyNames') steps.push(String(params.propertyName));
  return steps.length === 0 ? part : steps.map((step) => step.slice(0, 64)).join('.');
}

/** JSON Pointer's escapes. */
const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');

function complaintOf({ keyword, params, message }: ErrorObject): string {
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is not a field of this request';
  if (keyword === 'propertyNames') return 'is not a valid name';
  if (keyword === 'type') return `must be ${[params.type].flat().join(' or ')}`;
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
  if (keyword === 'const') return `must be ${String(params.allowedValue)}`;
  if (keyword === 'format') return 'must be a time in RFC 3339, such as 2026-11-22T10:00:00Z';
  return message ?? 'is not as documented';
}

/** How it stands: `warning` works and should be mended, `fault` does not work. */
export type State = 'ok' | 'warning' | 'fault';

/** What a check found: one sentence, and for what is not `ok` another one that says how to mend it. */
export type Finding =
  | { readonly state: 'ok'; readonly found: string }
  | { readonly state: 'warning' | 'fault'; readonly found: string; readonly mend: string };

export const ok = (found: string): Finding => ({ state: 'ok', found });
export const warning = (found: string, mend: string): Finding => ({ state: 'warning', found, mend });
export const fault = (found: string, mend: string): Finding => ({ state: 'fault', found, mend });

/** The findings, or a single `ok` when there are none: every check says something. */
export const orOk = (findings: readonly (Finding | undefined)[], otherwise: string): Finding[] => {
  const found = findings.filter((finding) => finding !== undefined);
  return found.length > 0 ? found : [ok(otherwise)];
};

/** What the server's policy lets styles carry that are written at run time; new in each reply. */
export const styleNonce = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';

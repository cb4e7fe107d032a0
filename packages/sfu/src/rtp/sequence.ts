/**
 * The number that a 16-bit sequence number stands for next to a number that is known: the one of its kind that is
 * nearest. Grows over the wraps at 65,536; may be negative for what came before the first.
 */
export function extend(near: number, sequence: number): number {
  const ahead = (sequence - near) & 0xffff;
  return near + (ahead < 0x8000 ? ahead : ahead - 0x10000);
}

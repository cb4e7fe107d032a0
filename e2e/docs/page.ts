/** A fenced block of a page. */
export interface Block {
  /** The fence's tag: `sh` is run, `text` and `json` are what the block before prints. */
  tag: string;
  text: string;
  /** Line of the opening fence, from 1. */
  line: number;
}

/** A block that is run, and what the page says that it prints. */
export interface Step {
  commands: string;
  line: number;
  expected?: Block;
}

const RUN = 'sh';
const OUTPUT = new Set(['text', 'json']);

/** The fenced blocks of a page in order. Throws on a fence that is not closed. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const tag = /^```(\S*)$/.exec(lines[at] ?? '')?.[1];
    if (tag === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`line ${at + 1}: the block is not closed`);
    blocks.push({ tag, text: lines.slice(at + 1, end).join('\n'), line: at + 1 });
    at = end;
  }
  return blocks;
}

/**
 * What a reader does with the page, in order: each `sh` block with the output that follows it. Throws on a block
 * with another tag, which nobody would run, and on an output that follows no command.
 */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  let last: Block | undefined;
  for (const block of blocksOf(page)) {
    const step = steps.at(-1);
    if (block.tag === RUN) steps.push({ commands: block.text, line: block.line });
    else if (OUTPUT.has(block.tag) && step && last?.tag === RUN) step.expected = block;
    else
      throw new Error(`line ${block.line}: a block "${block.tag}" that is neither run nor the output of one`);
    last = block;
  }
  return steps;
}

/** Whether `printed` is what the block shows, `...` standing for anything; in JSON white space does not count. */
export function isShown(block: Block, printed: string): boolean {
  const plain = (text: string): string =>
    block.tag === 'json' ? text.replace(/\s+/g, '') : text.replace(/[ \t]+$/gm, '').trim();
  const parts = plain(block.text)
    .split('...')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*?')}$`).test(plain(printed));
}

/** The HTTP statuses that the page admits after these commands: refusals that it shows. */
export const refusalsShown = (block: Block | undefined): number[] =>
  [...(block?.text ?? '').matchAll(/"StatusCode":\s*(\d{3})/g)].map((match) => Number(match[1]));

